package import GQBitstream

/// The widths of the codes that positions send, and the groups in which a path takes them.
package struct CodeTable: Sendable, Equatable {
  /// [phases][levels][codes] bits.
  package let widths: [[[Int]]]
  /// After how many eighths of a position's codes, rounded up, each group ends.
  package let groupEnds: [Int]

  /// A table; ends of groups that do not rise to 8 stop the program.
  package init(widths: [[[Int]]], groupEnds: [Int]) {
    precondition(widths.count == CodingPhase.allCases.count)
    precondition(Self.areEnds(groupEnds))
    self.widths = widths
    self.groupEnds = groupEnds
  }

  /// Whether these are ends of one to eight groups: they rise to 8.
  package static func areEnds(_ ends: [Int]) -> Bool {
    ends.last == 8 && ends[0] > 0 && zip(ends, ends.dropFirst()).allSatisfy { $0 < $1 }
  }

  /// Groups of a position.
  package var groupCount: Int { groupEnds.count }

  /// The most codes of a position.
  package var mostCodes: Int { widths.joined().map { $0.count }.max() ?? 0 }

  /// Bits of the codes of a position, in their order.
  package func widths(_ level: UInt8, _ phase: CodingPhase) -> [Int] {
    widths[phase.rawValue][Int(level)]
  }

  /// The codes of a group, of `count` that a position has.
  package func group(_ group: Int, of count: Int) -> Range<Int> {
    func end(_ group: Int) -> Int { group < 0 ? 0 : (groupEnds[group] * count + 7) / 8 }
    return end(group - 1)..<end(group)
  }
}
