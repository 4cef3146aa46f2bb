/// The alpha of every pixel, coded without loss.
package struct AlphaPlane: Sendable, Equatable {
  /// How the samples of a chunk are coded.
  private enum Method: UInt8 {
    /// One byte a sample.
    case stored = 0
    /// Adaptive binary decisions.
    case coded = 1
  }

  /// Pixels in a row.
  package let width: Int
  /// Rows.
  package let height: Int
  /// `height * width` samples, row by row: 0 is transparent, 255 opaque.
  package let samples: [UInt8]

  /// A plane; a wrong number of samples stops the program.
  package init(width: Int, height: Int, samples: [UInt8]) {
    precondition(width > 0 && height > 0 && samples.count == width * height)
    self.width = width
    self.height = height
    self.samples = samples
  }

  /// The most bytes that a coded plane of a picture has.
  static func maxByteCount(_ header: Header) -> Int { header.width * header.height + 1 }

  /// The payload of the alpha chunk. Inverse: `init(decoding:header:)`.
  package func encoded() -> [UInt8] {
    var coder = RangeEncoder()
    var contexts = AlphaContexts()
    var above = [UInt8](repeating: 255, count: width)
    for start in stride(from: 0, to: samples.count, by: width) {
      var row = Array(samples[start..<start + width])
      contexts.code(&row, above: above, &coder)
      above = row
    }
    let coded = coder.finish()
    return coded.count < samples.count
      ? [Method.coded.rawValue] + coded : [Method.stored.rawValue] + samples
  }

  /// Decodes a payload, a part of a file. Inverse of `encoded`.
  ///
  /// The header's size must be within the reader's limits: memory is taken for it.
  ///
  /// - Throws: `BitstreamError.invalidValue` for an unknown method or another number of bytes.
  init(decoding bytes: ArraySlice<UInt8>, header: Header) throws(BitstreamError) {
    let count = header.width * header.height
    guard let first = bytes.first, let method = Method(rawValue: first) else {
      throw .invalidValue(
        what: "alpha's method", offset: bytes.startIndex,
        found: bytes.first.map { "\($0)" } ?? "missing", expected: "0 or 1")
    }
    let body = bytes.dropFirst()
    switch method {
    case .stored:
      guard body.count == count else {
        throw .invalidValue(
          what: "stored alpha", offset: body.startIndex, found: "\(body.count) bytes",
          expected: "\(count)")
      }
      self.init(width: header.width, height: header.height, samples: Array(body))
    case .coded:
      var coder = RangeDecoder(body)
      var contexts = AlphaContexts()
      var above = [UInt8](repeating: 255, count: header.width)
      var row = above
      var samples: [UInt8] = []
      samples.reserveCapacity(count)
      for _ in 0..<header.height {
        contexts.code(&row, above: above, &coder)
        samples += row
        above = row
      }
      guard coder.hasReadAll, body.last != 0 else {
        throw .invalidValue(
          what: "alpha", offset: body.startIndex, found: "\(body.count) bytes",
          expected: "fewer, without unused ones at the end")
      }
      self.init(width: header.width, height: header.height, samples: samples)
    }
  }
}
