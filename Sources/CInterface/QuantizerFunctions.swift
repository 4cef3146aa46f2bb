public import CGQImg
import GaussianQuant

/// A quantizer behind a handle.
private final class QuantizerHandle: Sendable {
  let quantizer: GaussianQuant
  init(_ quantizer: GaussianQuant) { self.quantizer = quantizer }
}

private func gaussianQuant(_ quantizer: OpaquePointer?) throws(InvalidArgument) -> GaussianQuant {
  Unmanaged<QuantizerHandle>.fromOpaque(UnsafeRawPointer(try required(quantizer, "quantizer")))
    .takeUnretainedValue().quantizer
}

/// Checks that so many groups can be in memory.
private func check(_ count: Int, _ dimension: Int) throws(InvalidArgument) {
  guard count >= 0, count <= Int.max / 4 / dimension else {
    throw InvalidArgument("count is too large")
  }
}

/// The number of elements of [outer, middle, inner], of which arrays of eight bytes can be in memory.
private func product(
  outer: Int, middle: Int, inner: Int, _ name: String
) throws(InvalidArgument) -> Int {
  var product = 8
  for (extent, name) in [(outer, "outer"), (middle, name), (inner, "inner")] {
    guard extent >= 1 else { throw InvalidArgument("\(name) is 0, expected at least 1") }
    let (next, overflow) = product.multipliedReportingOverflow(by: extent)
    guard !overflow else { throw InvalidArgument("outer * \(name) * inner is too large") }
    product = next
  }
  return product / 8
}

/// `gqimg_quantizer_options_init`.
@_cdecl("gqimg_quantizer_options_init")
public func quantizerOptionsInit(_ options: UnsafeMutablePointer<gqimg_quantizer_options>?) {
  var result = gqimg_quantizer_options()
  result.beta = 1
  result.log_variance_low = GaussianQuant.defaultLogVariances.lowerBound
  result.log_variance_high = GaussianQuant.defaultLogVariances.upperBound
  options?.pointee = result
}

/// `gqimg_quantizer_open_with`.
@_cdecl("gqimg_quantizer_open_with")
public func quantizerOpenWith(
  _ options: UnsafePointer<gqimg_quantizer_options>?,
  _ quantizer: UnsafeMutablePointer<OpaquePointer?>?
) -> gqimg_status {
  status {
    let quantizer = try required(quantizer, "quantizer")
    quantizer.pointee = nil
    let options = try required(options, "options").pointee
    let grouping: Grouping
    switch Int(options.grouping) {
    case GQIMG_GROUPING_STRIDED: grouping = .strided
    case GQIMG_GROUPING_CONTIGUOUS: grouping = .contiguous
    default: throw InvalidArgument("grouping is \(options.grouping), expected 0 or 1")
    }
    guard options.log_variance_low <= options.log_variance_high else {
      throw InvalidArgument(
        "log_variance_low is \(options.log_variance_low), expected at most log_variance_high, "
          + "\(options.log_variance_high)")
    }
    let handle = QuantizerHandle(
      try GaussianQuant(
        codebook: try codebook(options), beta: options.beta, grouping: grouping,
        logVariances: options.log_variance_low...options.log_variance_high))
    quantizer.pointee = OpaquePointer(Unmanaged.passRetained(handle).toOpaque())
  }
}

private func codebook(_ options: gqimg_quantizer_options) throws -> Codebook {
  let (dimension, size) = (Int(options.dimension), Int(options.size))
  switch Int(options.codebook) {
  case GQIMG_CODEBOOK_NOISE:
    return try Codebook(dimension: dimension, size: size, seed: options.seed)
  case GQIMG_CODEBOOK_SOBOL:
    return try Codebook.sobol(dimension: dimension, size: size, seed: options.seed)
  case GQIMG_CODEBOOK_VALUES:
    let values = try required(options.values, "values")
    // Before they are read: what the library refuses need not be there.
    guard Codebook.dimensions.contains(dimension) else {
      throw GaussianQuantError.codebookDimension(found: dimension, expected: Codebook.dimensions)
    }
    guard Codebook.sizes.contains(size) else {
      throw GaussianQuantError.codebookSize(found: size, expected: Codebook.sizes)
    }
    return try Codebook(
      values: Array(UnsafeBufferPointer(start: values, count: size * dimension)),
      dimension: dimension)
  default: throw InvalidArgument("codebook is \(options.codebook), expected 0 to 2")
  }
}

/// `gqimg_quantizer_open`.
@_cdecl("gqimg_quantizer_open")
public func quantizerOpen(
  _ dimension: UInt32, _ size: UInt32, _ seed: UInt64, _ beta: Double,
  _ quantizer: UnsafeMutablePointer<OpaquePointer?>?
) -> gqimg_status {
  var options = gqimg_quantizer_options()
  quantizerOptionsInit(&options)
  (options.dimension, options.size, options.seed, options.beta) = (dimension, size, seed, beta)
  return quantizerOpenWith(&options, quantizer)
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
    let search = try gaussianQuant(quantizer).search
    let dimension = search.codebook.dimension
    try check(count, dimension)
    if count == 0 { return }
    let (means, variances) = (try required(means, "means"), try required(variances, "variances"))
    let indices = try required(indices, "indices")
    let centers = UnsafeBufferPointer(start: means, count: count * dimension)
    let spread = UnsafeBufferPointer(start: variances, count: count * dimension)
    guard centers.allSatisfy(\.isFinite) else { throw InvalidArgument("a mean is not finite") }
    guard spread.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw InvalidArgument("a variance is not finite and above 0")
    }
    let found = search.nearest(means: centers.span, variances: spread.span)
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
    let codebook = try gaussianQuant(quantizer).codebook
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

/// `gqimg_quantize_posteriors`.
@_cdecl("gqimg_quantize_posteriors")
public func quantizePosteriors(
  _ quantizer: OpaquePointer?, _ input: UnsafePointer<Float>?, _ outer: Int, _ channels: Int,
  _ inner: Int, _ indices: UnsafeMutablePointer<UInt32>?, _ values: UnsafeMutablePointer<Float>?,
  _ divergences: UnsafeMutablePointer<Double>?
) -> gqimg_status {
  status {
    let quantizer = try gaussianQuant(quantizer)
    let count = try product(outer: outer, middle: channels, inner: inner, "channels")
    let (input, indices) = (try required(input, "input"), try required(indices, "indices"))
    let result = try quantizer.quantize(
      Array(UnsafeBufferPointer(start: input, count: count)), shape: [outer, channels, inner],
      axis: 1)
    for (k, index) in result.indices.enumerated() { indices[k] = index }
    if let values { for (k, value) in result.values.enumerated() { values[k] = value } }
    if let divergences {
      for (k, bits) in result.divergences.enumerated() { divergences[k] = bits }
    }
  }
}

/// `gqimg_indices_to_values`.
@_cdecl("gqimg_indices_to_values")
public func indicesToValues(
  _ quantizer: OpaquePointer?, _ indices: UnsafePointer<UInt32>?, _ outer: Int, _ groups: Int,
  _ inner: Int, _ values: UnsafeMutablePointer<Float>?
) -> gqimg_status {
  status {
    let quantizer = try gaussianQuant(quantizer)
    let count = try product(outer: outer, middle: groups, inner: inner, "groups")
    try check(count, quantizer.codebook.dimension)
    let (indices, values) = (try required(indices, "indices"), try required(values, "values"))
    let codes = try quantizer.indicesToCodes(
      Array(UnsafeBufferPointer(start: indices, count: count)), shape: [outer, groups, inner],
      axis: 1)
    for (k, value) in codes.values.enumerated() { values[k] = value }
  }
}
