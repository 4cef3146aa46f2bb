internal import CGaussianSearch

/// The instructions a search is carried out with; they change its speed, never its result.
public enum InstructionSet: Sendable, CaseIterable {
  /// What every machine of this architecture has.
  case plain
  /// x86-64 with AVX2 and fused multiply-add.
  case avx2
  /// x86-64 with AVX-512.
  case avx512

  /// The fastest that this machine has.
  public static let fastest: InstructionSet = allCases.last { $0.isAvailable } ?? .plain

  /// Whether this machine has these instructions.
  public var isAvailable: Bool { gaussian_search_supports(code) != 0 }

  /// The number of the kernel in the C module.
  var code: Int32 {
    switch self {
    case .plain: GAUSSIAN_SEARCH_PLAIN
    case .avx2: GAUSSIAN_SEARCH_AVX2
    case .avx512: GAUSSIAN_SEARCH_AVX512
    }
  }
}
