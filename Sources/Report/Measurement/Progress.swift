import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Tells on standard error how far a run is: on a terminal one line that changes, with the time left, elsewhere a line
/// for every measurement that is made.
public final class Progress {
  private var total: Int
  private let isTerminal: Bool
  private var done = 0
  private var estimate: TimeEstimate

  /// Makes a progress line.
  ///
  /// - Parameters:
  ///   - codecs: the names of those that take part.
  ///   - stepsPerCodec: pictures times rates.
  public init(codecs: [String], stepsPerCodec: Int) {
    total = codecs.count * stepsPerCodec
    isTerminal = isatty(STDERR_FILENO) == 1
    estimate = TimeEstimate(codecs: codecs, stepsPerCodec: stepsPerCodec)
  }

  /// Does one step; `body` tells whether it did any work.
  func step<Value>(
    picture: String, codec: CodecIdentity, rate: Double,
    _ body: () throws -> (Value, measured: Bool)
  ) rethrows -> Value {
    let what = "\(picture) \(codec.name) \(rate) bpp"
    if isTerminal { show("\(what), \(estimate.text)") }
    let ((value, measured), seconds) = try timed(body)
    done += 1
    estimate.finish(codec.name, seconds: measured ? seconds : nil)
    if measured, !isTerminal { write("\(done)/\(total) \(what)\n") }
    return value
  }

  /// Says of a picture that it is left out; it counts no more.
  public func leaveOut(codecs: [String], rates: Int, _ message: String) {
    total -= codecs.count * rates
    for codec in codecs {
      for _ in 0..<rates { estimate.finish(codec, seconds: nil) }
    }
    write((isTerminal ? "\r\u{1B}[K" : "") + message + "\n")
  }

  /// Clears the line.
  public func finish() {
    if isTerminal { write("\r\u{1B}[K") }
  }

  private func show(_ text: String) { write("\r\u{1B}[K\(done)/\(total) \(text)") }

  private func write(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
  }
}

/// How long the rest will take: every codec's steps as long as its steps so far.
struct TimeEstimate {
  private var left: [String: Int] = [:]
  private var measured: [String: (count: Int, seconds: Double)] = [:]

  init(codecs: [String], stepsPerCodec: Int) {
    for codec in codecs { left[codec] = stepsPerCodec }
  }

  /// Counts a step; `seconds` is nil for one that took no work.
  mutating func finish(_ codec: String, seconds: Double?) {
    left[codec, default: 1] -= 1
    guard let seconds else { return }
    let before = measured[codec] ?? (0, 0)
    measured[codec] = (before.count + 1, before.seconds + seconds)
  }

  /// Seconds left; nil before anything was measured.
  var seconds: Double? {
    guard !measured.isEmpty else { return nil }
    let all = measured.values.reduce((count: 0, seconds: 0.0)) {
      ($0.count + $1.count, $0.seconds + $1.seconds)
    }
    let mean = all.seconds / Double(all.count)
    return left.reduce(0) { sum, entry in
      let own = measured[entry.key].map { $0.seconds / Double($0.count) }
      return sum + Double(entry.value) * (own ?? mean)
    }
  }

  /// For people.
  var text: String {
    guard let seconds else { return "time left unknown" }
    let whole = Int(seconds.rounded())
    return whole < 60
      ? "\(whole) s left"
      : whole < 3600
        ? "\(whole / 60) min \(whole % 60) s left" : "\(whole / 3600) h \(whole / 60 % 60) min left"
  }
}
