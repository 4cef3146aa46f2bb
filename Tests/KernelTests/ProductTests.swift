import CGQKernels
import InstructionSets
import Testing

/// 1x1 convolutions with int8 products against plain Swift, with all instructions that this processor has.
@Suite(.serialized)
struct ProductTests {
  /// A convolution with its memory.
  private struct Convolution {
    let inputs: Int
    let outputs: Int
    let weights: [Int8]
    let scales: [Float]
    let bias: [Float]
    let slope: Float
    let adds: Bool

    /// As `gq_product` says it, operation by operation.
    func plain(_ rows: [Float], _ before: [Float]) -> [Float] {
      var results = before
      for row in 0..<(outputs == 0 ? 0 : before.count / outputs) {
        let values = rows[row * inputs..<(row + 1) * inputs]
        let largest = values.reduce(Float(0)) { abs($1) > $0 ? abs($1) : $0 }
        let factor = 127 / (largest > 1e-30 ? largest : 1e-30)
        let bytes = values.map { value -> Int in
          let multiple = value * factor
          guard multiple > -127 else { return -127 }
          return multiple < 127 ? Int(multiple.rounded(.toNearestOrEven)) : 127
        }
        for output in 0..<outputs {
          var sum = 0
          for input in 0..<inputs { sum += bytes[input] * Int(weights[output * inputs + input]) }
          var y = Float(sum) * scales[output] * (largest / 127) + bias[output]
          if y < 0 { y *= slope }
          let place = row * outputs + output
          results[place] = adds ? results[place] + y : y
        }
      }
      return results
    }

    func kernel(_ rows: [Float], _ before: [Float]) -> [Float] {
      let columns = (outputs + 15) / 16 * 16
      var packed = [Int8](repeating: 99, count: (inputs + 3) / 4 * 4 * columns + 1)
      var offsets = [Int32](repeating: 99, count: columns + 1)
      gq_pack_weights(weights, inputs, outputs, &packed, &offsets)
      let filled = { (values: [Float]) in
        values + Array(repeating: 0, count: columns - values.count + 1)
      }
      let (scales, bias) = (filled(scales), filled(bias))
      let count = outputs == 0 ? 0 : before.count / outputs
      let set = gq_instruction_set()
      let size = gq_operand_bytes(set, inputs)
      var operands = [UInt8](repeating: 77, count: count * size + 1)
      var rowScales = [Float](repeating: 0, count: count + 1)
      // A result beyond the last would be seen.
      var results = before + [4711]
      operands.withUnsafeMutableBytes { operands in
        guard let base = operands.baseAddress else { return }
        for row in 0..<count {
          rowScales[row] = Array(rows[row * inputs..<(row + 1) * inputs]).withUnsafeBufferPointer {
            gq_round_row(set, $0.baseAddress, inputs, base + row * size)
          }
        }
        packed.withUnsafeBufferPointer { packed in
          offsets.withUnsafeBufferPointer { offsets in
            scales.withUnsafeBufferPointer { scales in
              bias.withUnsafeBufferPointer { bias in
                var product = gq_product(
                  inputs: inputs, outputs: outputs, weights: packed.baseAddress,
                  offsets: offsets.baseAddress, scales: scales.baseAddress, bias: bias.baseAddress,
                  slope: slope, adds: adds ? 1 : 0)
                gq_multiply_rows(set, &product, base, rowScales, count, &results)
              }
            }
          }
        }
      }
      #expect(results.last == 4711)
      return Array(results.dropLast())
    }
  }

  private func check(inputs: Int, outputs: Int, rows: Int, extreme: Bool, adds: Bool) throws {
    var random = SystemRandomNumberGenerator()
    func byte() -> Int8 {
      extreme ? (Bool.random(using: &random) ? 127 : -127) : .random(in: -127...127, using: &random)
    }
    func number() -> Float {
      extreme
        ? (Bool.random(using: &random) ? 1e20 : -1e20) : .random(in: -9...9, using: &random)
    }
    let convolution = Convolution(
      inputs: inputs, outputs: outputs, weights: (0..<inputs * outputs).map { _ in byte() },
      scales: (0..<outputs).map { _ in .random(in: 0...0.01, using: &random) },
      bias: (0..<outputs).map { _ in .random(in: -1...1, using: &random) },
      slope: adds ? 1 : 0.1, adds: adds)
    let values = (0..<rows * inputs).map { _ in number() }
    let before = (0..<rows * outputs).map { _ in number() }
    let expected = convolution.plain(values, before)
    let found = try results { convolution.kernel(values, before) }
    #expect(found == expected, "\(inputs) inputs, \(outputs) outputs, \(rows) rows")
  }

  @Test(arguments: [false, true]) func everyNumberOfInputs(extreme: Bool) throws {
    for inputs in 0...300 {
      try check(
        inputs: inputs, outputs: 1 + inputs * 7 % 67, rows: 1 + inputs % 7, extreme: extreme,
        adds: inputs % 2 == 0)
    }
  }

  @Test(arguments: [false, true]) func everyNumberOfOutputs(extreme: Bool) throws {
    for outputs in 0...300 {
      try check(
        inputs: 1 + outputs * 5 % 31, outputs: outputs, rows: 1 + outputs % 13, extreme: extreme,
        adds: outputs % 3 == 0)
    }
  }

  @Test(arguments: 0...30) func everyNumberOfRows(rows: Int) throws {
    try check(inputs: 37, outputs: 70, rows: rows, extreme: false, adds: true)
  }

  /// The largest magnitude of all rows is 127 times the scale, and others are within half of one.
  @Test func whatHasNoScale() throws {
    let convolution = Convolution(
      inputs: 3, outputs: 3, weights: [1, 0, 0, 0, 1, 0, 0, 0, 1], scales: [1, 1, 1],
      bias: [0, 0, 0], slope: 1, adds: false)
    let rows: [Float] = [0, -0, 0, 1e-38, 0, 0, .nan, 1, -0.5]
    let found = try results { convolution.kernel(rows, Array(repeating: 0, count: 9)) }
    #expect(Array(found[..<6]) == [0, 0, 0, 0, 0, 0])
    #expect(Array(found[6...]) == [-1, 1, -64.0 / 127].map { (x: Float) in x })
    // What is endless has the scale of infinity, whose bytes are still bytes.
    var bytes = [UInt8](repeating: 0, count: gq_operand_bytes(gq_instruction_set(), 4))
    for values: [Float] in [[.infinity, 1, -.infinity, 0], [.nan, .nan, .nan, .nan]] {
      _ = gq_round_row(gq_instruction_set(), values, 4, &bytes)
    }
  }
}
