import GQBitstream
@testable import GQCodec
import GQModel
import Testing

/// When levels are chosen again after coding: predictions that failed, not texture that hides its errors.
struct LevelRevisionTests {
  /// 16 by 16 positions, or more rows of 16, that all have one level, of which a mean error of 0.02 per sample is expected, and errors which
  /// are so many times that.
  private func learns(shift: Float = 0, _ ratio: (Int) -> Float) throws -> Bool {
    try learn(shift: shift, ratio).learns
  }

  private func learn(
    rows: Int = 16, shift: Float = 0, visibility: Float = 0, _ ratio: (Int) -> Float
  ) throws -> (learns: Bool, errors: LevelErrors, bits: Int, isFarOffAlone: Bool) {
    let levels = network.levels.bits
    let level = try #require(levels.indices.first { levels[$0] >= 64 })
    let header = Header(
      width: 256, height: 16 * rows, colorType: .rgb, tuning: network.tuningIndex, stateBits: 12,
      seed: 1,
      modelIdentifier: network.identifier)
    var errors = LevelErrors(header: header)
    let unit = LevelRevision(network: network).distortion(1)
    errors.append(
      Tensor(
        rows: rows, columns: 16, channels: levels.count,
        values: Array(repeating: 0.02 * unit, count: 16 * rows * levels.count)))
    var revision = LevelRevision(network: network)
    let chosen = Array(repeating: UInt8(level), count: 16 * rows)
    let measured = DecodedErrors.Found(
      squares: (0..<16 * rows).map { 768 * 0.02 * ratio($0) },
      shifts: (0..<16 * rows).map { $0 == 17 ? 768 * shift * shift / (127.5 * 127.5) : 0 },
      visibility: (0..<16 * rows).map { $0 == 17 ? visibility : 0.01 })
    let learns =
      visibility > 0
      ? revision.correctVisible(&errors, levels: chosen, measured: measured)
      : revision.learn(&errors, levels: chosen, measured: measured)
    return (learns, errors, levels[level], revision.isFarOffAlone)
  }

  @Test func errorsAsExpectedAreLeft() throws {
    #expect(try !learns { _ in 1 })
    #expect(try !learns { _ in 3 })
  }

  /// As in photographs: some positions err 8 times as much as expected, or a few 15 times.
  @Test func textureIsLeft() throws {
    #expect(try !learns { $0 % 4 == 0 ? 8 : 2.5 })
    #expect(try !learns { $0 % 64 == 0 ? 15 : 2 })
  }

  @Test func failuresOfAPartMatter() throws { #expect(try learns { $0 % 8 == 0 ? 20 : 1 }) }

  @Test func oneFailureMattersWhereItIsFarOff() throws {
    #expect(try learns { $0 == 17 ? 40 : 1 })
  }

  /// One position whose mean is off is seen, however good it is otherwise.
  @Test func shiftsAreSeen() throws {
    #expect(try !learns(shift: 9) { _ in 1 })
    #expect(try learns(shift: 11) { _ in 1 })
  }

  /// A visible block makes the level that was chosen worse, and the position's others half as much in the logarithm.
  @Test func visibleBlocksAreCorrected() throws {
    #expect(try !learn(visibility: 1.1) { _ in 1 }.learns)
    let (learns, errors, _, _) = try learn(visibility: 2.25) { $0 == 17 ? 9.5 : 1 }
    #expect(learns)
    let level = try #require(network.levels.bits.firstIndex { $0 >= 64 })
    let before = errors[16][level]
    for other in network.levels.bits.indices {
      let expected = before * (other == level ? 9 : 3)
      #expect(abs(errors[17][other] - expected) < 1e-4 * expected)
    }
  }

  /// More than twice the bits are tried next.
  @Test func shiftsTakeMoreBits() throws {
    let (_, errors, chosen, isFarOffAlone) = try learn(shift: 20) { _ in 1 }
    #expect(!isFarOffAlone)
    let before = errors[0][0]
    for (level, bits) in network.levels.bits.enumerated() {
      #expect((errors[17][level] > before) == (bits <= 2 * chosen))
    }
  }

  /// A single one in a large picture takes more than eight times the bits, and those around it more than twice.
  @Test(arguments: [(Float(20), Float(1)), (0, 40)])
  func fewFarOffTakeManyMoreBits(shift: Float, ratio: Float) throws {
    let (learns, errors, chosen, isFarOffAlone) = try learn(rows: 1024, shift: shift) {
      $0 == 17 ? ratio : 1
    }
    #expect(learns && isFarOffAlone)
    let before = errors[700][0]
    for (level, bits) in network.levels.bits.enumerated() {
      #expect((errors[17][level] > before) == (bits <= 8 * chosen))
      #expect((errors[34][level] > before) == (bits <= 2 * chosen))
      #expect(errors[19][level] == before)
    }
  }

  @Test func failuresOfAllMatter() throws {
    let found = try learn(rows: 272) { _ in 100 }
    #expect(found.learns && !found.isFarOffAlone)
  }
}
