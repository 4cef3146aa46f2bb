import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Tells on standard error how far a run is and how long the rest will take: on a terminal one line that changes,
/// elsewhere a line for every measurement that is made. Any thread may tell it of its steps.
package final class Progress: Sendable {
  /// What a step does.
  enum Kind: String {
    case measure
    case time
  }

  private struct State {
    var total: Int
    var done = 0
    var estimate: TimeEstimate
  }

  private let isTerminal: Bool
  private let state: Mutex<State>

  /// Makes a progress line.
  ///
  /// - Parameters:
  ///   - codecs: the names of those that take part.
  ///   - stepsPerCodec: pictures times rates.
  ///   - isTimed: whether times are taken too.
  ///   - jobs: how many pictures are measured at the same time.
  package init(codecs: [String], stepsPerCodec: Int, isTimed: Bool = true, jobs: Int = 1) {
    let kinds: [Kind] = isTimed ? [.measure, .time] : [.measure]
    isTerminal = isatty(STDERR_FILENO) == 1
    var estimate = TimeEstimate()
    for kind in kinds {
      for codec in codecs {
        estimate.expect(
          Self.name(kind, codec), steps: stepsPerCodec, atATime: kind == .measure ? jobs : 1)
      }
    }
    state = Mutex(State(total: kinds.count * codecs.count * stepsPerCodec, estimate: estimate))
  }

  private static func name(_ kind: Kind, _ codec: String) -> String { "\(kind.rawValue) \(codec)" }

  /// Does one step; `body` tells whether it did any work.
  func step(
    _ kind: Kind, picture: String, codec: CodecIdentity, rate: Double, _ body: () throws -> Bool
  ) rethrows {
    let what = "\(kind.rawValue) \(picture) \(codec.name) \(rate) bpp"
    if isTerminal {
      state.withLock { write("\r\u{1B}[K\($0.done)/\($0.total) \(what), \($0.estimate.text)") }
    }
    let (measured, time) = try timed(body)
    state.withLock { state in
      state.done += 1
      state.estimate.finish(
        Self.name(kind, codec.name), seconds: measured ? time.seconds : nil)
      if measured, !isTerminal {
        write("\(state.done)/\(state.total) \(what), \(state.estimate.text)\n")
      }
    }
  }

  /// Says of a picture that it is left out; it counts no more.
  package func leaveOut(codecs: [String], rates: Int, isTimed: Bool, _ message: String) {
    state.withLock { state in
      for kind in isTimed ? [Kind.measure, .time] : [.measure] {
        state.total -= codecs.count * rates
        for codec in codecs {
          for _ in 0..<rates { state.estimate.finish(Self.name(kind, codec), seconds: nil) }
        }
      }
      write((isTerminal ? "\r\u{1B}[K" : "") + message + "\n")
    }
  }

  /// Clears the line.
  package func finish() {
    if isTerminal { write("\r\u{1B}[K") }
  }

  private func write(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
  }
}

/// How long the rest will take: every kind of step as long as those so far.
struct TimeEstimate {
  private struct Entry {
    var left: Int
    var atATime: Int
    var count = 0
    var seconds = 0.0
  }
  private var entries: [String: Entry] = [:]

  /// Counts on so many steps of a kind, some at the same time.
  mutating func expect(_ kind: String, steps: Int, atATime: Int = 1) {
    entries[kind] = Entry(left: steps, atATime: max(1, atATime))
  }

  /// Counts a step; `seconds` is nil for one that took no work.
  mutating func finish(_ kind: String, seconds: Double?) {
    entries[kind]?.left -= 1
    guard let seconds else { return }
    entries[kind]?.count += 1
    entries[kind]?.seconds += seconds
  }

  /// Seconds left; nil before anything was measured.
  var seconds: Double? {
    let (count, sum) = entries.values.reduce((0, 0.0)) { ($0.0 + $1.count, $0.1 + $1.seconds) }
    guard count > 0 else { return nil }
    return entries.values.reduce(0) { total, entry in
      let mean = entry.count > 0 ? entry.seconds / Double(entry.count) : sum / Double(count)
      return total + Double(entry.left) * mean / Double(entry.atATime)
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
