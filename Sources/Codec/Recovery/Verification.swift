package import GQBitstream

/// Everything whose checksum does not match in a file that can be read up to its codes.
package struct Verification: Sendable {
  /// What is wrong, in the order of the file: alpha, graphics, then codes.
  package private(set) var findings: [Finding] = []

  /// Something that is damaged.
  package struct Finding: Sendable {
    /// The tile, or nil for something else.
    package let tile: Recovery.Damage?
    /// Why.
    package let reason: BitstreamError
  }

  /// Checks all checksums of a file, without a model.
  ///
  /// - Throws: `BitstreamError` when the file cannot be read up to its codes.
  package init(
    _ bytes: [UInt8], limits: DecodeLimits = DecodeLimits()
  ) throws(BitstreamError) {
    let file = try FileStructure(parsing: bytes, limits: limits)
    do { _ = try file.alpha() } catch { findings.append(Finding(tile: nil, reason: error)) }
    for number in file.graphicsPlaces.indices {
      do {
        _ = try file.graphicsUnit(number)
      } catch {
        findings.append(Finding(tile: nil, reason: error))
      }
    }
    for segment in file.layout.segments {
      do {
        _ = try file.data(of: segment)
      } catch {
        findings.append(
          Finding(tile: Recovery.Damage(segment, file, error), reason: error))
      }
    }
  }
}
