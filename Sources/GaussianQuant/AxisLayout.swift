/// An array of any rank seen along one axis: `[outer, extent, inner]` in row-major order.
struct AxisLayout {
  /// Product of the extents before the axis.
  let outer: Int
  /// Extent of the axis.
  let extent: Int
  /// Product of the extents after the axis.
  let inner: Int
  /// The whole shape.
  let shape: [Int]
  /// The axis, counted from the front.
  let axis: Int

  /// Checks a shape and an axis against each other and against a number of values.
  ///
  /// - Parameters:
  ///   - shape: Extents, each at least 1.
  ///   - axis: Counted from the front, or from the back if negative.
  ///   - count: Number of values there are.
  /// - Throws: `GaussianQuantError.shape`, `.axis` or `.count`.
  init(shape: [Int], axis: Int, count: Int) throws(GaussianQuantError) {
    guard (-shape.count..<shape.count).contains(axis) else {
      throw .axis(found: axis, expected: -shape.count..<shape.count)
    }
    let front = axis < 0 ? axis + shape.count : axis
    var product = 1
    for extent in shape {
      let (next, overflow) = product.multipliedReportingOverflow(by: extent)
      guard extent >= 1, !overflow else {
        throw .shape(found: shape)
      }
      product = next
    }
    guard product == count else {
      throw .count(found: count, expected: product)
    }
    self.shape = shape
    self.axis = front
    outer = shape[..<front].reduce(1, *)
    extent = shape[front]
    inner = shape[(front + 1)...].reduce(1, *)
  }

  /// The shape with another extent along the axis.
  func shape(withExtent extent: Int) -> [Int] {
    var shape = shape
    shape[axis] = extent
    return shape
  }
}
