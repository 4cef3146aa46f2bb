import CGQKernels
import Testing

/// What every instruction set makes of the same, which must be the same; the fastest one stays in use.
func results<Value: Equatable>(_ body: () throws -> Value) throws -> Value {
  let sets = (0..<Int32(GQ_INSTRUCTION_SETS)).filter { gq_supports($0) != 0 }
  let all = try sets.map { set in
    gq_use(set)
    return try body()
  }
  for (set, result) in zip(sets, all) {
    #expect(result == all[0], "\(String(cString: gq_instruction_set_name(set)))")
  }
  return try #require(all.last)
}
