/// Why a file could not be read or written.
package enum FileError: Error, Sendable, Equatable {
  /// A call of the system failed with this errno value.
  case system(Operation, path: String, code: Int32)
  /// The file is there already and was not to be replaced.
  case alreadyExists(path: String)
  /// The path is a symbolic link to a file that is not there.
  case linkToNothing(path: String)
  /// The file has more bytes than the caller accepts.
  case tooLarge(path: String, maxBytes: Int)

  /// What was being done.
  package enum Operation: String, Sendable {
    /// Opening a file to read.
    case open
    /// Reading bytes.
    case read
    /// Making the temporary file beside the final one.
    case create
    /// Writing bytes.
    case write
    /// Waiting until the bytes are on the disk.
    case flush
    /// Giving the temporary file its final name.
    case rename
  }
}

extension FileError: CustomStringConvertible {
  /// One sentence with the file's path and the system's reason.
  package var description: String {
    switch self {
    case .system(let operation, let path, let code):
      "cannot \(operation.rawValue) \(path): \(systemMessage(code))"
    case .alreadyExists(let path):
      "\(path) exists already"
    case .linkToNothing(let path):
      "\(path) is a symbolic link to a file that does not exist"
    case .tooLarge(let path, let maxBytes):
      "\(path) has more than \(maxBytes) bytes"
    }
  }
}
