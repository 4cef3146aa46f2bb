/// Runs the two kinds of convolution that the network is made of.
///
/// Two engines exist: `ReferenceEngine`, plain Swift to compare against, and `OneDNNEngine`.
protocol LayerEngine: Sendable {
  /// Prepares a 1x1 convolution.
  func prepare(_ layer: PointwiseLayer) throws(ModelError) -> any PreparedPointwise

  /// Prepares a depthwise 3x3 convolution.
  func prepare(_ layer: DepthwiseLayer) throws(ModelError) -> any PreparedDepthwise

  /// Prepares what follows the first layer of a block.
  func prepare(_ layers: BlockLayers) throws(ModelError) -> any PreparedBlock
}

/// A 1x1 convolution with its weights in the layout that an engine wants.
protocol PreparedPointwise: Sendable {
  /// Reads `positions * inputs` values and stores `positions * outputs`, or adds them to what is there when
  /// `accumulate` was asked for at preparation.
  func run(
    _ input: UnsafeBufferPointer<Float>, into output: UnsafeMutableBufferPointer<Float>,
    positions: Int
  ) throws(ModelError)
}

/// A depthwise convolution with its weights in the layout that an engine wants.
protocol PreparedDepthwise: Sendable {
  /// Convolves the inner rows of `input`: all but the first where that only lies above what is wanted, and all but
  /// the last where that only lies below. Other positions outside the tensor count as zero.
  func run(
    _ input: TensorSlice, hasRowAbove: Bool, hasRowBelow: Bool
  ) throws(ModelError) -> Tensor
}

/// The layers of a block after its first, with their weights in the layout that an engine wants.
protocol PreparedBlock: Sendable {
  /// The block's result for rows of its input: [rows, columns, channels], or [1, n, channels] for n positions.
  ///
  /// - Parameters:
  ///   - input: the rows.
  ///   - mixed: what the first layer made of them, and of the row above and the row below where there is one.
  ///   - hasRowAbove: whether the first row of `mixed` is the one above.
  ///   - hasRowBelow: whether the last row of `mixed` is the one below.
  ///   - positions: the positions that are wanted, as row-major numbers in `input`; nil for all.
  func run(
    _ input: StackedSlices, mixed: TensorSlice, hasRowAbove: Bool,
    hasRowBelow: Bool, positions: [Int]?
  ) throws(ModelError) -> Tensor
}

/// Which implementation runs the layers, and in which number format it multiplies.
public enum EngineChoice: String, Sendable, CaseIterable {
  /// oneDNN with bfloat16 products where the processor has them, else `float32`; plain Swift in a package
  /// built without oneDNN.
  case automatic
  /// oneDNN in bfloat16 with single-precision sums.
  case bfloat16
  /// oneDNN in single precision.
  case float32
  /// Plain Swift in single precision.
  case reference

  func makeEngine(pool: WorkerPool) throws(ModelError) -> any LayerEngine {
    switch self {
    case .reference:
      return ReferenceEngine()
    #if OneDNN
      case .automatic:
        return OneDNNEngine(precision: OneDNNEngine.hasBFloat16 ? .bfloat16 : .float32, pool: pool)
      case .bfloat16:
        guard OneDNNEngine.hasBFloat16 else {
          throw .engineUnavailable("this processor has no bfloat16 products")
        }
        return OneDNNEngine(precision: .bfloat16, pool: pool)
      case .float32:
        return OneDNNEngine(precision: .float32, pool: pool)
    #else
      case .automatic:
        return ReferenceEngine()
      case .bfloat16, .float32:
        throw .engineUnavailable("this build is without oneDNN")
    #endif
    }
  }
}
