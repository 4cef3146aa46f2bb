/// How fast this machine multiplies matrices at best: what the network's speed is measured by.
package enum MatrixPeak {
  /// Multiply-adds per second of products with the kernels in use, whose operands stay in the cache, on all threads
  /// at once.
  package static func measure(_ pool: WorkerPool) -> Double {
    let side = 384
    let product = IntegerProduct(
      IntegerLayer(
        inputs: side, outputs: side, weights: ArraySlice(repeating: 1, count: side * side),
        scales: Array(repeating: 1, count: side), bias: Array(repeating: 0, count: side)))
    let chunk = IntegerProduct.chunk
    let rounds = 2000
    let ones = [Float](repeating: 1, count: chunk * side)
    func run() {
      pool.forEach(pool.threadCount) { _ in
        IntegerProduct.withScratch(product) { scratch in
          var results = ones
          product.round(ones, count: chunk, scratch)
          for _ in 0..<rounds { product.multiply(chunk, into: &results, scratch) }
        }
      }
    }
    var best = 0.0
    for _ in 0..<5 {
      let time = ContinuousClock().measure { run() }
      let done = Double(pool.threadCount * rounds * chunk * side * side)
      best = max(best, done / (time / .seconds(1)))
    }
    return best
  }
}
