package import GQCodec

/// Why two pictures could not be compared.
package enum MetricError: Error, Sendable, Equatable {
  /// The pictures differ in size or colour type.
  case shapesDiffer(Shape, Shape)

  /// The size and colour type of a picture.
  package struct Shape: Sendable, Equatable {
    /// Pixels in a row.
    package let width: Int
    /// Rows.
    package let height: Int
    /// What the samples of one pixel mean.
    package let colorType: Picture.ColorType

    /// The shape of a picture.
    package init(of picture: Picture) {
      width = picture.width
      height = picture.height
      colorType = picture.colorType
    }
  }

  /// Throws unless the pictures have the same shape.
  static func check(_ first: Picture, _ second: Picture) throws(MetricError) {
    let shapes = (Shape(of: first), Shape(of: second))
    guard shapes.0 == shapes.1 else { throw .shapesDiffer(shapes.0, shapes.1) }
  }
}

extension MetricError: CustomStringConvertible {
  /// One sentence, fit for a user.
  package var description: String {
    switch self {
    case .shapesDiffer(let first, let second):
      "pictures of different shape cannot be compared: \(first) and \(second)"
    }
  }
}

extension MetricError.Shape: CustomStringConvertible {
  /// For example "768 x 512 rgb".
  package var description: String { "\(width) x \(height) \(colorType)" }
}
