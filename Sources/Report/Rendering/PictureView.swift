import GQBitstream
import GQCodec
import Foundation
import GQMetrics
import GQPixelIO

/// All that the page shows of one picture at one rate.
public struct PictureView: Sendable, Encodable {
  /// A file of one codec.
  struct Version: Sendable, Encodable {
    let method: String
    let bytes: Int
    let bitsPerPixel: Double
    let psnr: Double?
    let msssim: Double?
    let ssimulacra2: Double?
    /// A `data:` URI of the picture as decoded.
    let source: String
    /// Whether it is the coded file itself, that a browser decodes.
    let isCodedFile: Bool
    /// A `data:` URI of the coded file, where `source` is not that.
    let file: String?
    let errors: ErrorMap
    /// nil for other codecs.
    let levels: LevelGrid?
  }

  /// Bits per position of 16 x 16 pixels.
  struct LevelGrid: Sendable, Encodable {
    let columns: Int
    let rows: Int
    /// Row by row.
    let bits: [Int]
  }

  /// The name of the picture's file.
  public let picture: String
  let width: Int
  let height: Int
  /// Bits per pixel asked for.
  public let target: Double
  /// A `data:` URI.
  let original: String
  let versions: [Version]
  /// Pixels along each side of the crop that is shown enlarged.
  let cropSide = ErrorMap.crop
  /// Pixels along each side of a square of an error map.
  let errorCell = ErrorMap.cell
  /// Steps per level of error in an error map.
  let errorScale = ErrorMap.scale
  /// The corner of the square where gqimg's error is greatest.
  let worst: CropCorner

  /// Makes the view from the files that a run left in the store.
  ///
  /// - Throws: what decoders throw. A codec without a file at this rate is left out.
  public init(
    _ source: SourcePicture, codecs: [any PictureCodec], rate: Double, store: MeasurementStore
  ) throws {
    let original = source.picture
    picture = source.name
    width = original.width
    height = original.height
    target = rate
    self.original = try DataURI.picture(original)
    var versions: [Version] = []
    for codec in codecs {
      let key = MeasurementKey(
        source: source, codec: codec.identity,
        byteCount: MeasurementRun.byteCount(source, rate: rate))
      guard case .measured(let measurement)? = store.recorded(for: key) else { continue }
      let bytes = try store.file(for: key)
      let decoded = try codec.decode(bytes, of: source).picture(like: original)
      let coded = DataURI.codedFile(bytes, method: codec.identity.name)
      versions.append(
        Version(
          method: codec.identity.name, bytes: measurement.bytes,
          bitsPerPixel: measurement.bitsPerPixel, psnr: measurement.psnr,
          msssim: measurement.msssim, ssimulacra2: measurement.ssimulacra2,
          source: try coded ?? DataURI.picture(decoded),
          isCodedFile: coded != nil, file: coded == nil ? DataURI.file(bytes) : nil,
          errors: ErrorMap(original, decoded),
          levels: try Self.levels(bytes)))
    }
    self.versions = versions
    worst =
      versions.first { $0.method == Results.own }?.errors.worstCorner(
        width: original.width, height: original.height) ?? CropCorner(x: 0, y: 0)
  }

  /// The level map of a .gqz file; nil for other files.
  private static func levels(_ bytes: [UInt8]) throws -> LevelGrid? {
    guard bytes.starts(with: FileStructure.signature) else { return nil }
    let file = try FileStructure(parsing: bytes)
    return LevelGrid(
      columns: file.levelMap.columns, rows: file.levelMap.rows,
      bits: file.levelMap.levels.map { file.ladder.bits[Int($0)] })
  }
}

/// A place in a picture, in pixels from its upper left corner.
struct CropCorner: Sendable, Equatable, Encodable {
  let x: Int
  let y: Int
}
