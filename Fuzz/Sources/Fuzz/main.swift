/// Called by libFuzzer, which has the `main` of this program, for every input it makes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  Harness.chosen.run([UInt8](UnsafeBufferPointer(start: start, count: count)))
  return 0
}
