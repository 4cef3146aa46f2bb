#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What is said on standard error while many files are worked on: lines, and on a terminal a bar below them.
struct BatchProgress {
  private let total: Int
  private let hasBar: Bool
  private let start = now()
  private var done = 0

  /// - Parameters:
  ///   - total: files.
  ///   - isQuiet: whether there is no bar.
  init(total: Int, isQuiet: Bool) {
    self.total = total
    hasBar = !isQuiet && total > 1 && isatty(STDERR_FILENO) == 1
  }

  /// Counts a file.
  mutating func finishFile() { done += 1 }

  /// Says something above the bar.
  func say(_ text: String) { writeToStandardError((hasBar ? "\r\u{1B}[K" : "") + text) }

  /// Draws the bar.
  func draw() {
    guard hasBar else { return }
    let width = 30
    let filled = done * width / total
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
    var text = "[\(bar)] \(done)/\(total)"
    let seconds = now() - start
    if done > 0, seconds > 0 {
      let left = seconds / Double(done) * Double(total - done)
      text += ", \(fixed(Double(done) / seconds, 1)) files/s, \(fixed(left, 0)) s left"
    }
    writeToStandardError("\r\u{1B}[K" + text)
  }

  /// Takes the bar away.
  func clear() { if hasBar { writeToStandardError("\r\u{1B}[K") } }
}
