/// How fast this machine multiplies matrices at best: what the network's speed is measured by.
package enum MatrixPeak {
  /// Multiply-adds per second of products with the engine's kernels and in its precision, whose operands stay in the
  /// cache, on all threads at once; nil for an engine without such kernels.
  ///
  /// - Throws: `ModelError` when the engine cannot be had.
  package static func measure(
    _ engine: EngineChoice, pool: WorkerPool
  ) throws(ModelError) -> Double? {
    #if OneDNN
      guard let engine = try engine.makeEngine(pool: pool) as? OneDNNEngine else { return nil }
      let side = 384
      let product = try IntegerProduct(
        IntegerLayer(
          inputs: side, outputs: side, weights: Array(repeating: 1, count: side * side),
          scales: Array(repeating: 1, count: side), bias: Array(repeating: 0, count: side)),
        engine.precision)
      let chunk = OneDNNEngine.chunk
      let rounds = 400
      let failure = Failure()
      func run() {
        pool.forEach(pool.threadCount) { _ in
          IntegerProduct.withMemory(product) { memory in
            memory.values.update(repeating: 1, count: side)
            for k in 0..<chunk { product.round(memory.values, row: k, memory) }
            for _ in 0..<rounds { failure.note(product.multiply(chunk, memory)) }
          }
        }
      }
      var best = 0.0
      for _ in 0..<5 {
        let time = ContinuousClock().measure { run() }
        let done = Double(pool.threadCount * rounds * chunk * side * side)
        best = max(best, done / (time / .seconds(1)))
      }
      try failure.check("matrix product")
      return best
    #else
      return nil
    #endif
  }
}
