import Testing

@testable import GQModel

@Suite struct PipelineStageTests {
  private struct Refusal: Error, Equatable { let item: Int }

  @Test(arguments: [false, true]) func itemsComeInTheirOrder(isConcurrent: Bool) {
    var sums: [Int] = []
    let last = PipelineStage(isConcurrent: isConcurrent) { (item: Int) throws(Never) in
      sums.append((sums.last ?? 0) + item)
    }
    let first = PipelineStage(isConcurrent: isConcurrent) { (item: Int) throws(Never) in
      last.push(2 * item)
    }
    for item in 1...1000 { first.push(item) }
    first.finish()
    last.finish()
    #expect(sums == (1...1000).map { $0 * ($0 + 1) })
  }

  @Test(arguments: [false, true]) func anErrorEndsIt(isConcurrent: Bool) {
    var done: [Int] = []
    let stage = PipelineStage(isConcurrent: isConcurrent) { (item: Int) throws(Refusal) in
      if item == 3 { throw Refusal(item: item) }
      done.append(item)
    }
    #expect(throws: Refusal(item: 3)) {
      for item in 0..<10 { try stage.push(item) }
    }
    #expect(throws: Refusal(item: 3)) { try stage.push(7) }
    #expect(throws: Refusal(item: 3)) { try stage.finish() }
    #expect(done == [0, 1, 2])
  }

  /// Nothing is touched once a stage is gone, though nobody waited for its last item.
  @Test func leavingItWaits() {
    for _ in 0..<100 {
      var done = 0
      do {
        let stage = PipelineStage(isConcurrent: true) { (_: Int) throws(Never) in done += 1 }
        stage.push(1)
        stage.push(2)
      }
      #expect(done == 2)
    }
  }
}
