import GQBitstream
import GQCodec
import GQModel

/// Any pixels and options, compressed and decompressed.
func fuzzRoundTrip(_ bytes: [UInt8]) {
  var input = InputReader(bytes)
  let (width, height) = (1 + input.number(below: 70), 1 + input.number(below: 70))
  let choices = input.byte()
  let strength = input.byte()
  let target: RateTarget =
    switch choices & 3 {
    case 0: .quality(Double(strength) * 100 / 255)
    case 1: .bitsPerPixel(Double(strength) / 64 + 0.01)
    default: .bytes(1 + Int(strength) * 4)
    }
  let options = EncodingOptions(
    target: target, uniform: choices & 4 != 0, effort: choices & 8 != 0 ? 7 : 1,
    order: choices & 32 != 0 ? .phases : .tiles,
    copiesHead: choices & 64 != 0)
  let colorType: Picture.ColorType = choices & 128 != 0 ? .grey : .rgb
  let hasAlpha = strength & 1 == 1
  let count = width * height
  let samples = input.filling(count * 4)
  let picture = Picture(
    width: width, height: height, colorType: colorType,
    samples: Array(samples[..<(count * colorType.componentCount)]),
    alpha: hasAlpha ? Array(samples[(3 * count)...]) : nil)
  do {
    let file = try GQEncoder(network: tinyNetwork).encode(picture, options: options).bytes
    if case .bytes(let limit) = target { precondition(file.count <= limit) }
    let decoder = GQDecoder(network: tinyNetwork)
    let decoded = try decoder.decode(file)
    precondition(decoded.width == width && decoded.height == height)
    precondition(decoded.colorType == colorType && decoded.alpha == picture.alpha)
    guard try decoder.recover(file).picture == decoded else {
      fatalError("an intact file is not recovered as it is")
    }
  } catch CodecError.targetTooSmall, CodecError.noRoomForAttachments {
  } catch {
    fatalError("a picture cannot be compressed: \(error)")
  }
}
