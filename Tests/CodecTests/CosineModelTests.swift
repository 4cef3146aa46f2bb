import GQBitstream
import GQModel
import Testing

@testable import GQCodec

/// Files of a model with a cosine transform and two tunings.
struct CosineModelTests {
  private let picture = madeUpPicture(width: 150, height: 95)

  private func encode(
    _ picture: Picture, _ tuning: Tuning, _ options: EncodingOptions = EncodingOptions()
  ) throws -> [UInt8] {
    var options = options
    options.graphics = .off
    return try GQEncoder(network: try makeTinyNetwork(tuning)).encode(
      picture, options: options
    ).bytes
  }

  /// A decoder reads files of every tuning, whichever it was made with.
  @Test(arguments: Tuning.allCases) func filesSayTheirTuning(tuning: Tuning) throws {
    let bytes = try encode(picture, tuning, EncodingOptions(target: .bitsPerPixel(2)))
    let header = try FileStructure.header(of: bytes)
    #expect(header.tuning == (tuning == .visual ? 0 : 1))
    let decoded = try Tuning.allCases.map {
      try GQDecoder(network: try makeTinyNetwork($0)).decode(bytes)
    }
    #expect(decoded[0] == decoded[1])
  }

  @Test func tuningsThatTheModelDoesNotHaveAreRefused() throws {
    let bytes = try encode(picture, .psnr, EncodingOptions(target: .bitsPerPixel(1)))
    let coded = try CodedPicture(parsing: bytes)
    let h = coded.header
    let other = CodedPicture(
      header: Header(
        width: h.width, height: h.height, colorType: h.colorType, tuning: 3, stateBits: h.stateBits,
        seed: h.seed, modelIdentifier: h.modelIdentifier),
      rateTable: coded.rateTable, levelMap: coded.levelMap, graphics: nil, order: coded.order,
      segments: coded.segments, ancillary: [], hasHeadCopy: false)
    #expect {
      try GQDecoder(network: try makeTinyNetwork()).decode(other.serialized())
    } throws: { "\($0)".contains("tuning") }
  }

  /// The linear transform alone is near to the picture where bits are many, at every position of every phase.
  @Test(arguments: Tuning.allCases) func highestLevelsAreNear(tuning: Tuning) throws {
    let network = try makeTinyNetwork(tuning)
    let decoder = GQDecoder(network: network)
    let encoder = GQEncoder(network: network)
    var last = Double.infinity
    for quality in [20.0, 60, 100] {
      var options = EncodingOptions(target: .quality(quality), uniform: true, effort: 5)
      options.graphics = .off
      let decoded = try decoder.decode(try encoder.encode(picture, options: options).bytes)
      let error = zip(picture.samples, decoded.samples).reduce(0.0) {
        $0 + Double((Int($1.0) - Int($1.1)) * (Int($1.0) - Int($1.1)))
      }
      #expect(error < last)
      last = error
    }
  }

  /// A grey picture comes back grey, and regions of it are those of the whole.
  @Test func greyComesBackGrey() throws {
    let grey = Picture(
      width: picture.width, height: picture.height, colorType: .grey,
      samples: stride(from: 0, to: picture.samples.count, by: 3).map { picture.samples[$0] })
    let network = try makeTinyNetwork()
    let bytes = try encode(grey, .visual, EncodingOptions(target: .bitsPerPixel(0.5)))
    let coded = try CodedPicture(parsing: bytes)
    #expect(coded.levelMap.levels.contains { $0 != 0 })
    let decoder = GQDecoder(network: network)
    let whole = try decoder.decode(bytes)
    #expect(whole.colorType == .grey)
    let region = PixelRegion(x: 40, y: 20, width: 60, height: 50)
    #expect(
      try decoder.decode(bytes, region: region).samples
        == whole.cropped(x: 40, y: 20, width: 60, height: 50).samples)
  }

  /// At the same size a grey picture is better than the luma of the coloured one: levels of luma alone lost 1 to 2 dB.
  @Test func greyIsAsGoodAsLuma() throws {
    func luma(_ picture: Picture) -> [UInt8] {
      guard picture.colorType == .rgb else { return picture.samples }
      return stride(from: 0, to: picture.samples.count, by: 3).map { k in
        let weighted = zip([299, 587, 114], picture.samples[k..<k + 3]).map { $0 * Int($1) }
        return UInt8((weighted.reduce(0, +) + 500) / 1000)
      }
    }
    let colored = try samplePicture("chelsea.png")
    let grey = Picture(
      width: colored.width, height: colored.height, colorType: .grey, samples: luma(colored))
    func squaredError(_ picture: Picture) throws -> Int {
      var options = EncodingOptions(target: .bitsPerPixel(0.5), effort: 3)
      options.graphics = .off
      let decoded = try makeDecoder().decode(
        try makeEncoder().encode(picture, options: options).bytes)
      return zip(luma(decoded), grey.samples).reduce(0) {
        $0 + (Int($1.0) - Int($1.1)) * (Int($1.0) - Int($1.1))
      }
    }
    #expect(try squaredError(grey) < squaredError(colored))
  }

  /// Bands and phases change nothing, and tokens make the same file again.
  @Test func ordersAndTokens() throws {
    var options = EncodingOptions(target: .bitsPerPixel(3))
    let tiles = try encode(picture, .psnr, options)
    options.order = .phases
    let phases = try encode(picture, .psnr, options)
    let network = try makeTinyNetwork(.psnr)
    #expect(try GQDecoder(network: network).decode(phases).samples.count == picture.samples.count)
    let tokens = try PictureTokens(try CodedPicture(parsing: tiles), table: network.levels)
    #expect(try tokens.codedPicture().serialized() == tiles)
  }
}
