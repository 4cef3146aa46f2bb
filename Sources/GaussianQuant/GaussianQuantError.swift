/// What is wrong with the parameters or the input of the quantizer.
public enum GaussianQuantError: Error, Equatable, Sendable {
  /// The codebook dimension lies outside `expected`.
  case codebookDimension(found: Int, expected: ClosedRange<Int>)
  /// The codebook size lies outside `expected`.
  case codebookSize(found: Int, expected: ClosedRange<Int>)
  /// The number of a codebook's values is no multiple of its dimension.
  case codebookCount(found: Int, expectedMultiple: Int)
  /// The bits of a trellis' state lie outside `expected`.
  case stateBits(found: Int, expected: ClosedRange<Int>)
  /// The weight of the prior in the score is infinite or not a number.
  case beta(found: Double)
  /// The range of log variances has bounds that are not finite.
  case logVariances(found: ClosedRange<Double>)
  /// An extent of a shape is below 1, or the product of the extents does not fit an `Int`.
  case shape(found: [Int])
  /// The axis does not lie in `expected`, the axes of the shape.
  case axis(found: Int, expected: Range<Int>)
  /// The number of values differs from the product of the shape's extents.
  case count(found: Int, expected: Int)
  /// The number of channels along the axis is no multiple of `expectedMultiple`, or zero.
  case channels(found: Int, expectedMultiple: Int)
  /// A mean or a codebook's value is not finite, or a log variance is not a number, at this place of the flat input.
  case notFinite(found: Float, position: Int)
  /// An index lies outside `expected`, the codewords of the codebook, at this place of the input.
  case index(found: UInt32, expected: Range<Int>, position: Int)
  /// The system refused the memory that a search needs.
  case outOfMemory(byteCount: Int)
}

extension GaussianQuantError: CustomStringConvertible {
  /// One sentence that names what was found and what was expected.
  public var description: String {
    switch self {
    case .codebookDimension(let found, let expected):
      "The codebook dimension is \(found); expected \(expected.lowerBound) to \(expected.upperBound)."
    case .codebookSize(let found, let expected):
      "The codebook size is \(found); expected \(expected.lowerBound) to \(expected.upperBound)."
    case .codebookCount(let found, let expectedMultiple):
      "The codebook has \(found) values; expected a multiple of its dimension, \(expectedMultiple)."
    case .stateBits(let found, let expected):
      "The state of the trellis has \(found) bits; expected \(expected.lowerBound) to"
        + " \(expected.upperBound)."
    case .beta(let found):
      "The weight of the prior, beta, is \(found); expected a finite number."
    case .logVariances(let found):
      "The range of log variances is \(found.lowerBound) to \(found.upperBound); expected finite"
        + " bounds."
    case .shape(let found):
      "The shape is \(found); expected extents of at least 1 with a product in range."
    case .axis(let found, let expected):
      "The axis is \(found); expected \(expected.lowerBound) up to, not including,"
        + " \(expected.upperBound)."
    case .count(let found, let expected):
      "There are \(found) values; the shape expects \(expected)."
    case .channels(let found, let expectedMultiple):
      "There are \(found) channels along the axis; expected a positive multiple of"
        + " \(expectedMultiple)."
    case .notFinite(let found, let position):
      "The value at position \(position) is \(found); expected a finite number."
    case .index(let found, let expected, let position):
      "The index at position \(position) is \(found); expected less than \(expected.upperBound)."
    case .outOfMemory(let byteCount):
      "Out of memory: the search needs \(byteCount) bytes."
    }
  }
}
