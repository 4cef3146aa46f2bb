#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Whether the system would give so many bytes now.
///
/// Swift's arrays end the process when they get no memory, so large ones are asked for here first.
func hasMemory(_ byteCount: Int) -> Bool {
  guard let probe = malloc(max(1, byteCount)) else { return false }
  free(probe)
  return true
}
