/// How many codebook indices a position sends at each level.
public struct LevelLadder: Sendable, Equatable {
  /// The most levels a ladder may have.
  public static let maxLevelCount = 32
  /// The most indices a level may send.
  public static let maxIndexCount = 255

  /// The ladder that a file names by one byte.
  public static let standard = LevelLadder([0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48])

  static let standardIdentifier: UInt8 = 0
  static let explicitIdentifier: UInt8 = 255

  /// Indices per level.
  public let indexCounts: [Int]

  /// A ladder; counts outside the format's limits stop the program.
  public init(_ indexCounts: [Int]) {
    precondition((1...Self.maxLevelCount).contains(indexCounts.count))
    precondition(indexCounts.allSatisfy { (0...Self.maxIndexCount).contains($0) })
    self.indexCounts = indexCounts
  }

  /// Number of levels.
  public var levelCount: Int { indexCounts.count }

  /// Appends the ladder as it stands at the start of the level map. Inverse: `init(parsing:)`.
  func write(to bytes: inout [UInt8]) {
    if self == .standard {
      bytes.append(Self.standardIdentifier)
    } else {
      bytes.append(Self.explicitIdentifier)
      bytes.append(UInt8(levelCount))
      for count in indexCounts { bytes.append(UInt8(count)) }
    }
  }

  /// Reads a ladder. Inverse of `write`.
  init(parsing cursor: inout ByteCursor) throws(BitstreamError) {
    let start = cursor.offset
    switch try cursor.byte("level ladder") {
    case Self.standardIdentifier:
      self = .standard
    case Self.explicitIdentifier:
      let count = Int(try cursor.byte("number of levels"))
      guard (1...Self.maxLevelCount).contains(count) else {
        throw .invalidValue(
          what: "number of levels", offset: start + 1, found: "\(count)",
          expected: "1 to \(Self.maxLevelCount)")
      }
      self.init(try cursor.slice(count, "level ladder").map(Int.init))
      guard self != .standard else {
        throw .invalidValue(
          what: "level ladder", offset: start, found: "the standard ladder spelled out",
          expected: "its identifier")
      }
    case let other:
      throw .invalidValue(
        what: "level ladder", offset: start, found: "\(other)", expected: "0 or 255")
    }
  }
}
