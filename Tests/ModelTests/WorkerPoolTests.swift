import GQModel
import Synchronization
import Testing

/// Chunks of work on several threads.
struct WorkerPoolTests {
  /// Times that each of `count` chunks was done.
  private final class Tally: Sendable {
    private let times: Mutex<[Int]>

    init(_ count: Int) { times = Mutex(Array(repeating: 0, count: count)) }

    func add(_ k: Int) { times.withLock { $0[k] += 1 } }

    var all: [Int] { times.withLock { $0 } }
  }

  @Test(arguments: [1, 2, 3, 8], [0, 1, 2, 100])
  func everyChunkIsDoneOnce(threads: Int, count: Int) {
    let tally = Tally(count)
    WorkerPool(threadCount: threads).forEach(count) { tally.add($0) }
    #expect(tally.all == Array(repeating: 1, count: count))
  }

  @Test func manyOperationsAtATimeAndWithinEachOther() async {
    let tally = Tally(4 * 50 * 6)
    let pool = WorkerPool(threadCount: 4)
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<4 {
        group.addTask {
          for round in 0..<10 {
            pool.forEach(5) { part in
              pool.forEach(6) { k in tally.add(((task * 10 + round) * 5 + part) * 6 + k) }
            }
          }
        }
      }
    }
    #expect(tally.all == Array(repeating: 1, count: 1200))
  }

  @Test func nothingIsLeftRunningWhenTheCallReturns() {
    let pool = WorkerPool(threadCount: 4)
    for _ in 0..<200 {
      var sums = [0, 0, 0, 0]
      sums.withUnsafeMutableBufferPointer { buffer in
        let sums = Disjoint(buffer)
        pool.forEach(4) { k in for n in 0...100 { sums.value[k] += n } }
      }
      #expect(sums == [5050, 5050, 5050, 5050])
    }
  }
}
