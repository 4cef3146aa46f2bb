public import CGQImg
import GaussianQuant

/// What a quantizer's handle holds.
private final class QuantizerHandle: Sendable {
  let search: CodebookSearch
  init(_ search: CodebookSearch) { self.search = search }
}

private func search(_ quantizer: OpaquePointer?) throws(InvalidArgument) -> CodebookSearch {
  Unmanaged<QuantizerHandle>.fromOpaque(UnsafeRawPointer(try required(quantizer, "quantizer")))
    .takeUnretainedValue().search
}

/// Checks that so many groups can be in memory.
private func check(_ count: Int, _ dimension: Int) throws(InvalidArgument) {
  guard count >= 0, count <= Int.max / 4 / dimension else {
    throw InvalidArgument("count is too large")
  }
}

/// `gqimg_quantizer_open`.
@_cdecl("gqimg_quantizer_open")
public func quantizerOpen(
  _ dimension: UInt32, _ size: UInt32, _ seed: UInt64, _ beta: Double,
  _ quantizer: UnsafeMutablePointer<OpaquePointer?>?
) -> gqimg_status {
  status {
    let quantizer = try required(quantizer, "quantizer")
    quantizer.pointee = nil
    guard beta.isFinite else { throw GaussianQuantError.beta(found: beta) }
    let codebook = try Codebook(dimension: Int(dimension), size: Int(size), seed: seed)
    let handle = QuantizerHandle(
      CodebookSearch(codebook: codebook, variances: .perElement, beta: beta))
    quantizer.pointee = OpaquePointer(Unmanaged.passRetained(handle).toOpaque())
  }
}

/// `gqimg_quantizer_close`.
@_cdecl("gqimg_quantizer_close")
public func quantizerClose(_ quantizer: OpaquePointer?) {
  if let quantizer {
    Unmanaged<QuantizerHandle>.fromOpaque(UnsafeRawPointer(quantizer)).release()
  }
}

/// `gqimg_quantize`.
@_cdecl("gqimg_quantize")
public func quantize(
  _ quantizer: OpaquePointer?, _ means: UnsafePointer<Float>?, _ variances: UnsafePointer<Float>?,
  _ count: Int, _ indices: UnsafeMutablePointer<UInt32>?
) -> gqimg_status {
  status {
    let search = try search(quantizer)
    let dimension = search.codebook.dimension
    try check(count, dimension)
    if count == 0 { return }
    let (means, variances) = (try required(means, "means"), try required(variances, "variances"))
    let indices = try required(indices, "indices")
    let spread = UnsafeBufferPointer(start: variances, count: count * dimension)
    guard spread.allSatisfy({ $0 > 0 }) else { throw InvalidArgument("a variance is not above 0") }
    let found = search.nearest(
      means: UnsafeBufferPointer(start: means, count: count * dimension).span,
      variances: spread.span)
    for (k, index) in found.enumerated() { indices[k] = index }
  }
}

/// `gqimg_indices_to_codes`.
@_cdecl("gqimg_indices_to_codes")
public func indicesToCodes(
  _ quantizer: OpaquePointer?, _ indices: UnsafePointer<UInt32>?, _ count: Int,
  _ values: UnsafeMutablePointer<Float>?
) -> gqimg_status {
  status {
    let codebook = try search(quantizer).codebook
    try check(count, codebook.dimension)
    if count == 0 { return }
    let (indices, values) = (try required(indices, "indices"), try required(values, "values"))
    for k in 0..<count {
      guard indices[k] < codebook.size else {
        throw InvalidArgument("index \(indices[k]), expected below \(codebook.size)")
      }
    }
    for k in 0..<count {
      let start = Int(indices[k]) * codebook.dimension
      for d in 0..<codebook.dimension {
        values[k * codebook.dimension + d] = codebook.values[start + d]
      }
    }
  }
}
