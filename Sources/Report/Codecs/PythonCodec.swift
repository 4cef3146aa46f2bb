import GQCodec
import Foundation
import GQPixelIO

/// A codec of the Python package imagecodecs, which comes with current releases of others' libraries.
struct PythonCodec: QualityCodec {
  let identity: CodecIdentity
  let settings: ClosedRange<Int>
  private let codec: OtherCodec
  private let helpers: PythonHelpers
  private let threads: Int

  /// The codecs that there are.
  static let codecs: [OtherCodec] = [.avif, .jxl, .webp]

  init?(_ codec: OtherCodec, helpers: PythonHelpers, threads: Int) {
    guard Self.codecs.contains(codec), let version = helpers.versions[codec.rawValue] else {
      return nil
    }
    self.codec = codec
    self.helpers = helpers
    self.threads = threads
    let options: String
    switch codec {
    case .jxl:
      settings = JPEGXLCodec.distances
      options = "effort 7, threads \(threads)"
    case .webp:
      settings = 0...100
      options = "method 6"
    default:
      settings = 0...100
      options = "speed 6, 4:4:4, threads \(threads)"
    }
    identity = CodecIdentity(
      name: codec.rawValue, title: codec.title, version: "\(version) (imagecodecs)",
      options: options, timing: .library)
  }

  private func quality(_ setting: Int) -> Double {
    codec == .jxl ? JPEGXLCodec.distance(setting) : Double(setting)
  }

  func encode(_ source: SourcePicture, setting: Int) throws -> EncodedFile {
    let output = source.scratchFile("encoded.\(codec.rawValue)")
    _ = try encode(source, setting: setting, output: output)
    return EncodedFile(
      bytes: try FileReader.read(output, maxBytes: maximumFileBytes),
      setting: EncodedFile.Setting(
        number: setting,
        text: codec == .jxl
          ? "distance \(JPEGXLCodec.distanceText(setting))" : "quality \(setting)"))
  }

  func decode(_ file: [UInt8], of source: SourcePicture) throws -> Picture {
    let output = source.scratchFile("decoded.samples")
    let answer = try decode(file, source, output: output)
    let bytes = try FileReader.read(output, maxBytes: maximumFileBytes)
    guard let width = answer.width, let height = answer.height, let channels = answer.channels,
      (1...4).contains(channels), width > 0, height > 0, bytes.count == width * height * channels
    else {
      throw ReportError.wrongPicture(
        codec: identity.name, found: "\(bytes.count) samples", expected: "a picture's")
    }
    return Picture(interleaved: bytes, width: width, height: height, channels: channels)
  }

  func timeEncode(_ source: SourcePicture, setting: Int) throws -> RunCost? {
    try encode(
      source, setting: setting, output: source.scratchFile("encoded.\(codec.rawValue)")
    ).cost
  }

  func timeDecode(_ file: [UInt8], of source: SourcePicture) throws -> RunCost? {
    try decode(file, source, output: source.scratchFile("decoded.samples")).cost
  }

  private func encode(
    _ source: SourcePicture, setting: Int, output: String
  ) throws -> PythonAnswer {
    let picture = source.picture
    return try helpers.ask(
      PythonRequest(
        action: "encode", codec: codec.rawValue, quality: quality(setting), threads: threads,
        width: picture.width, height: picture.height, channels: picture.channelCount,
        input: try source.samplesPath(), output: output))
  }

  private func decode(
    _ file: [UInt8], _ source: SourcePicture, output: String
  ) throws -> PythonAnswer {
    let input = source.scratchFile("coded.\(codec.rawValue)")
    try AtomicFile.write(file, to: input, overwrite: true)
    return try helpers.ask(
      PythonRequest(
        action: "decode", codec: codec.rawValue, threads: threads, input: input, output: output))
  }
}

extension Picture {
  /// Colours and alpha.
  var channelCount: Int { colorType.componentCount + (alpha == nil ? 0 : 1) }

  /// Colours and alpha of every pixel side by side.
  var interleavedSamples: [UInt8] {
    guard let alpha else { return samples }
    let colours = colorType.componentCount
    var bytes: [UInt8] = []
    bytes.reserveCapacity(samples.count + alpha.count)
    for i in alpha.indices {
      bytes += samples[(i * colours)..<((i + 1) * colours)]
      bytes.append(alpha[i])
    }
    return bytes
  }

  /// A picture of 1 to 4 channels: grey, grey and alpha, red green blue, those and alpha.
  init(interleaved bytes: [UInt8], width: Int, height: Int, channels: Int) {
    let colours = channels < 3 ? 1 : 3
    guard channels != colours else {
      self.init(
        width: width, height: height, colorType: colours == 1 ? .grey : .rgb, samples: bytes)
      return
    }
    var (samples, alpha): ([UInt8], [UInt8]) = ([], [])
    samples.reserveCapacity(width * height * colours)
    alpha.reserveCapacity(width * height)
    for i in stride(from: 0, to: bytes.count, by: channels) {
      samples += bytes[i..<(i + colours)]
      alpha.append(bytes[i + colours])
    }
    self.init(
      width: width, height: height, colorType: colours == 1 ? .grey : .rgb, samples: samples,
      alpha: alpha)
  }
}
