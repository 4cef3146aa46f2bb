import GQBitstream
import GQCodec
import Synchronization
import Testing

/// What packages that depend on this one can use.
struct LibraryTests {
  private let picture = madeUpPicture(width: 150, height: 95)

  @Test func roundTripsWithTheLibrarysWeights() throws {
    let decoder = try GQDecoder()
    for tuning in GQEncoder.Tuning.allCases {
      let bytes = try GQEncoder(tuning: tuning).encode(picture, quality: 75)
      let decoded = try decoder.decode(bytes)
      #expect(decoded.width == 150 && decoded.height == 95 && decoded != picture)
      #expect(try GQDecoder.size(of: bytes) == (150, 95))
      let region = PixelRegion(x: 20, y: 10, width: 50, height: 40)
      #expect(
        try decoder.decode(bytes, region: region).samples
          == decoded.cropped(x: 20, y: 10, width: 50, height: 40).samples)
    }
  }

  @Test func targetsAreKept() throws {
    let encoder = try GQEncoder()
    let small = try encoder.encode(picture, with: GQEncoder.Options(target: .bytes(900)))
    #expect(small.count <= 900)
    let rate = try encoder.encode(picture, with: GQEncoder.Options(target: .bitsPerPixel(1)))
    #expect(rate.count * 8 <= 150 * 95)
    let exact = try encoder.encode(picture, with: GQEncoder.Options(target: .lossless))
    #expect(try GQDecoder().decode(exact) == picture)
  }

  @Test func damagedFilesAreRecovered() throws {
    let options = GQEncoder.Options(
      target: .bitsPerPixel(2), findsGraphics: false, isProgressive: true, isProtected: true)
    let bytes = try GQEncoder().encode(picture, with: options)
    let decoder = try GQDecoder()
    let half = Array(bytes.prefix(bytes.count / 2))
    #expect(throws: (any Error).self) { try decoder.decode(half) }
    #expect(try decoder.picture(recovering: half).samples.count == picture.samples.count)
  }

  @Test func errorsSayWhatAndWhere() throws {
    let bytes = try GQEncoder().encode(picture, with: GQEncoder.Options(findsGraphics: false))
    let decoder = try GQDecoder()
    func error(_ body: () throws -> Void) throws -> any GQError {
      do {
        try body()
      } catch let error as any GQError {
        return error
      }
      throw CancellationError()
    }
    let truncated = try error { _ = try decoder.decode(Array(bytes.dropLast(40))) }
    #expect(truncated.code == .damaged && (truncated.byteOffset ?? -1) > 0)
    #expect(try error { _ = try decoder.decode([1, 2, 3]) }.code == .damaged)
    let outside = PixelRegion(x: 100, y: 0, width: 51, height: 1)
    #expect(try error { _ = try decoder.decode(bytes, region: outside) }.code == .invalidArgument)
    #expect(
      try error { _ = try GQEncoder().encode(picture, quality: 101) }.code == .invalidArgument)
    let tiny = GQEncoder.Options(target: .bytes(10))
    #expect(
      try error { _ = try GQEncoder().encode(picture, with: tiny) }.code == .targetTooSmall)
    var other = bytes
    // Another model's id, with the header's checksum made to fit.
    let header = try FileStructure.header(of: bytes)
    let place = try #require(
      (0..<64).first { Array(bytes[$0..<$0 + 8]) == header.modelIdentifier })
    other[place] ^= 1
    let sum = CRC32.of(other[8..<place + 8])
    for k in 0..<4 { other[place + 8 + k] = UInt8(truncatingIfNeeded: sum >> UInt32(24 - 8 * k)) }
    #expect(try error { _ = try decoder.decode(other) }.code == .wrongModel)
  }

  private func sync(_ bytes: [UInt8]) throws -> Picture { try GQDecoder().decode(bytes) }

  @Test func asynchronousCallsTellProgressAndStop() async throws {
    let encoder = try GQEncoder()
    let options = GQEncoder.Options(target: .quality(60))
    let shares = Mutex<[Double]>([])
    let bytes = try await encoder.encode(picture, with: options) { share in
      shares.withLock { $0.append(share) }
    }
    #expect(try await encoder.encode(picture, with: options) == bytes)
    #expect(shares.withLock { $0.last } == 1)
    shares.withLock { $0 = [] }
    let decoded = try await GQDecoder().decode(bytes) { share in
      shares.withLock { $0.append(share) }
    }
    #expect(try sync(bytes) == decoded)
    #expect(shares.withLock { $0.last } == 1)
    let picture = picture
    let task = Task { try await encoder.encode(picture, with: options) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}
