import CGQKernels
import InstructionSets
import Testing

/// The depthwise convolution against plain Swift, with all instructions that this processor has.
@Suite(.serialized)
struct DepthwiseTests {
  @Test(arguments: [(1, 1), (1, 5), (4, 1), (3, 4), (5, 7)], [1, 3, 16, 37, 160])
  func equalsPlain(_ size: (Int, Int), channels: Int) throws {
    let (rows, columns) = size
    var random = SystemRandomNumberGenerator()
    func numbers(_ count: Int) -> [Float] {
      (0..<count).map { _ in .random(in: -2...2, using: &random) }
    }
    let input = numbers(rows * columns * channels)
    let (weights, bias) = (numbers(9 * channels), numbers(channels))
    var expected: [Float] = []
    for row in 0..<rows {
      for column in 0..<columns {
        for channel in 0..<channels {
          var sum = bias[channel]
          for tap in 0..<9 {
            let (y, x) = (row + tap / 3 - 1, column + tap % 3 - 1)
            guard (0..<rows).contains(y), (0..<columns).contains(x) else { continue }
            sum += input[(y * columns + x) * channels + channel] * weights[tap * channels + channel]
          }
          expected.append(sum)
        }
      }
    }
    let found = try results {
      var output = [Float](repeating: 9, count: expected.count)
      gq_convolve_depthwise(
        input, rows, columns, channels, weights, bias, 0, rows * columns, &output)
      return output
    }
    #expect(found == expected)
    // Some of the positions alone.
    let (first, count) = (rows * columns / 3, rows * columns / 2)
    var part = [Float](repeating: 9, count: count * channels)
    gq_convolve_depthwise(input, rows, columns, channels, weights, bias, first, count, &part)
    #expect(part == Array(expected[first * channels..<(first + count) * channels]))
  }
}
