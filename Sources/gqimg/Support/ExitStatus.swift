import ArgumentParser
import CGQProcessMemory
import GaussianQuant
import GQModel
import GQPixelIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The program's exit codes beside 0 and those of the argument parser. `packaging/manual.py` describes them.
enum ExitStatus: Int32 {
  /// Data or files are at fault.
  case failed = 1
  /// Everything was written, but something is made up in the place of what was damaged.
  case concealed = 2
  /// Memory did not suffice.
  case outOfMemory = 3

  var code: ExitCode { ExitCode(rawValue) }

  /// What an error stands for.
  init(of error: any Error) {
    switch error {
    case PixelIOError.outOfMemory, FileError.system(_, path: _, code: ENOMEM),
      GaussianQuantError.outOfMemory:
      self = .outOfMemory
    // A model that cannot be read for lack of memory is not told from one that is not there.
    case ModelError.noModel where gq_has_memory(Self.modelBytes) == 0: self = .outOfMemory
    default: self = .failed
    }
  }

  /// As large as a model may be that comes with the program.
  private static let modelBytes = 32 << 20
}

extension ExitStatus: Comparable {
  /// How bad it is: what was damaged, then lack of memory, which another machine may have, then all else.
  private var rank: Int {
    switch self {
    case .concealed: 0
    case .outOfMemory: 1
    case .failed: 2
    }
  }

  static func < (one: Self, other: Self) -> Bool { one.rank < other.rank }
}
