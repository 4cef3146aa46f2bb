/// Runs the convolutions and blocks that the network is made of.
///
/// Two engines exist: `ReferenceEngine`, plain Swift to compare against, and `OneDNNEngine`.
protocol LayerEngine: Sendable {
  /// Prepares a 1x1 convolution in single precision.
  func prepare(_ layer: PointwiseLayer) throws(ModelError) -> any PreparedPointwise

  /// Prepares a 1x1 convolution with products of bytes.
  func prepare(_ layer: IntegerLayer) throws(ModelError) -> any PreparedPointwise

  /// Prepares a depthwise 3x3 convolution.
  func prepare(_ layer: DepthwiseLayer) throws(ModelError) -> any PreparedDepthwise

  /// Prepares a block.
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

/// A block with its weights in the layout that an engine wants.
protocol PreparedBlock: Sendable {
  /// The first layer: reads `positions * channels` values and stores as many.
  func mix(
    _ input: UnsafeBufferPointer<Float>, into output: UnsafeMutableBufferPointer<Float>,
    positions: Int
  ) throws(ModelError)

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

/// Which implementation runs the layers. All give the same results, to the bit.
public enum EngineChoice: String, Sendable, CaseIterable {
  /// `int8` where the processor can, else `float32`; plain Swift in a package built without oneDNN.
  case automatic
  /// oneDNN with products of bytes.
  case int8
  /// oneDNN with the same whole numbers in single precision.
  case float32
  /// Plain Swift, slow.
  case reference

  func makeEngine(pool: WorkerPool) throws(ModelError) -> any LayerEngine {
    switch self {
    case .reference:
      return ReferenceEngine()
    #if OneDNN
      case .automatic:
        return OneDNNEngine(precision: OneDNNEngine.hasInt8 ? .int8 : .float32, pool: pool)
      case .int8:
        guard OneDNNEngine.hasInt8 else {
          throw .engineUnavailable("this processor has no products of bytes")
        }
        return OneDNNEngine(precision: .int8, pool: pool)
      case .float32:
        return OneDNNEngine(precision: .float32, pool: pool)
    #else
      case .automatic:
        return ReferenceEngine()
      case .int8, .float32:
        throw .engineUnavailable("this build is without oneDNN")
    #endif
    }
  }
}
