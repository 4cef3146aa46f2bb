import GQBitstream
import GQCodec
import Foundation
import GQMetrics
import GQPixelIO

/// All that the page shows of one picture.
package struct PictureView: Sendable, Encodable {
  /// The files of all codecs at one rate.
  struct Rate: Sendable, Encodable {
    /// Bits per pixel asked for.
    let target: Double
    let versions: [Version]
    /// The corner of the square where gqimg's error is greatest.
    let worst: CropCorner
  }

  /// A file of one codec.
  struct Version: Sendable, Encodable {
    let method: String
    let bytes: Int
    let bitsPerPixel: Double
    let setting: String?
    let psnr: Double?
    let ssimulacra2: Double?
    let butteraugli: Double?
    /// A `data:` URI of the picture as decoded.
    let source: String
    /// Whether it is the coded file itself, that a browser decodes.
    let isCodedFile: Bool
    /// A `data:` URI of the coded file, where `source` is not that.
    let file: String?
    let errors: ErrorMap
    /// nil for pictures too small for it.
    let scores: ScoreGrid?
    /// nil for other codecs.
    let levels: LevelGrid?
  }

  /// SSIMULACRA2 place by place.
  struct ScoreGrid: Sendable, Encodable {
    /// Pixels along each side of a square.
    static let cell = 8

    let columns: Int
    let rows: Int
    /// One byte a square, row by row, in base64: 255 for a score of 100, 0 for 0 and less.
    let data: String

    init(_ map: ScoreMap) {
      (columns, rows) = (map.columns, map.rows)
      data = Data(map.scores.map { UInt8((min(max($0, 0), 100) * 2.55).rounded()) })
        .base64EncodedString()
    }
  }

  /// Bits per position of 16 x 16 pixels.
  struct LevelGrid: Sendable, Encodable {
    let columns: Int
    let rows: Int
    /// Row by row.
    let bits: [Int]
  }

  /// The name of the picture's file.
  package let picture: String
  let width: Int
  let height: Int
  let hasAlpha: Bool
  /// A `data:` URI.
  let original: String
  /// With rising rate.
  let rates: [Rate]
  /// Pixels along each side of the crop that is shown enlarged.
  let cropSide = ErrorMap.crop
  /// Pixels along each side of a square of an error map.
  let errorCell = ErrorMap.cell
  /// Steps per level of error in an error map.
  let errorScale = ErrorMap.scale
  /// Pixels along each side of a square of a score map.
  let scoreCell = ScoreGrid.cell

  /// Makes the view from the files that a run left in the store.
  ///
  /// - Throws: what decoders throw. A codec without a file at a rate is left out there.
  package init(
    _ source: SourcePicture, codecs: [any PictureCodec], rates: [Double], store: MeasurementStore
  ) throws {
    let original = source.picture
    picture = source.size.name
    width = original.width
    height = original.height
    hasAlpha = original.alpha != nil
    self.original = try DataURI.picture(original)
    let reference = SSIMULACRA2(reference: original)
    self.rates = try rates.sorted().map { rate in
      var versions: [Version] = []
      for codec in codecs {
        let key = MeasurementKey(picture: source.size, codec: codec.identity, rate: rate)
        guard case .measured(let measurement)? = store.recorded(for: key) else { continue }
        let bytes = try store.file(for: key)
        let decoded = try codec.decode(bytes, of: source).inKind(of: original)
        let coded = DataURI.codedFile(bytes, codec: codec.identity.name)
        versions.append(
          Version(
            method: codec.identity.name, bytes: measurement.bytes,
            bitsPerPixel: measurement.bitsPerPixel, setting: measurement.setting,
            psnr: measurement.scores.psnr, ssimulacra2: measurement.scores.ssimulacra2,
            butteraugli: measurement.scores.butteraugli,
            source: try coded ?? DataURI.picture(decoded),
            isCodedFile: coded != nil, file: coded == nil ? DataURI.file(bytes) : nil,
            errors: ErrorMap(original, decoded),
            scores: try reference.map(decoded, cell: ScoreGrid.cell).map(ScoreGrid.init),
            levels: try Self.levels(bytes)))
      }
      let worst =
        versions.first { $0.method == Results.own }?.errors.worstCorner(
          width: original.width, height: original.height) ?? CropCorner(x: 0, y: 0)
      return Rate(target: rate, versions: versions, worst: worst)
    }
  }

  /// The level map of a .gqz file; nil for other files.
  private static func levels(_ bytes: [UInt8]) throws -> LevelGrid? {
    guard bytes.starts(with: FileStructure.signature) else { return nil }
    let file = try FileStructure(parsing: bytes)
    return LevelGrid(
      columns: file.levelMap.columns, rows: file.levelMap.rows,
      bits: file.levelMap.levels.map { file.rateTable.bits[Int($0)] })
  }
}

/// A place in a picture, in pixels from its upper left corner.
struct CropCorner: Sendable, Equatable, Encodable {
  let x: Int
  let y: Int
}
