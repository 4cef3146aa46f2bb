import CGQKernels
import Foundation
import Testing

/// The instruction sets that this machine has, plain C first, the fastest last.
package let instructionSets = (0..<Int32(GQ_INSTRUCTION_SETS)).filter { gq_supports($0) != 0 }

// The choice is the whole process's, in which tests run side by side.
private let choice = NSRecursiveLock()

/// Runs `body` with an instruction set; who wants another one waits.
package func withInstructionSet<Result>(_ set: Int32, _ body: () throws -> Result) rethrows
  -> Result
{
  choice.lock()
  defer { choice.unlock() }
  let before = gq_instruction_set()
  gq_use(set)
  defer { gq_use(before) }
  return try body()
}

/// What every instruction set makes of the same, which must be the same.
@discardableResult
package func results<Value: Equatable>(_ body: () throws -> Value) throws -> Value {
  let all = try instructionSets.map { set in try withInstructionSet(set, body) }
  for (set, result) in zip(instructionSets, all) {
    #expect(result == all[0], "\(String(cString: gq_instruction_set_name(set)))")
  }
  return try #require(all.last)
}
