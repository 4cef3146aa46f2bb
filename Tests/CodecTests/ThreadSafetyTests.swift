import GQBitstream
import GQCodec
import GQModel
import Testing

/// One loaded model, used from many tasks at once. `make thread-sanitizer` runs these under the thread sanitizer.
@Suite struct ThreadSafetyTests {
  @Test func manyTasksOneModel() async throws {
    let network = try makeTinyNetwork(threads: 2)
    let (encoder, decoder) = (GQEncoder(network: network), GQDecoder(network: network))
    let pictures = (0..<3).map { madeUpPicture(width: 90 + 50 * $0, height: 70) }
    let choices = CodeOrder.allCases.map {
      EncodingOptions(target: .quality(60), effort: 1, order: $0)
    }
    // Alone first, with a model that has seen nothing else.
    let alone = try makeTinyNetwork(threads: 1)
    let files = try choices.map { options in
      try pictures.map { try GQEncoder(network: alone).encode($0, options: options).bytes }
    }
    let decoded = try files.map { try $0.map { try GQDecoder(network: alone).decode($0) } }
    let agreements = try await withThrowingTaskGroup(of: Bool.self) { group in
      for task in 0..<24 {
        let (choice, picture) = (task % choices.count, task / 2 % pictures.count)
        group.addTask {
          let bytes = try encoder.encode(pictures[picture], options: choices[choice]).bytes
          let back = try decoder.recover(files[choice][picture]).picture
          return bytes == files[choice][picture] && back == decoded[choice][picture]
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(agreements == Array(repeating: true, count: 24))
  }

  /// Rows of a picture of more than one part are read, coded and compared at the same time.
  @Test func stepsOfOnePicture() throws {
    let picture = madeUpPicture(width: 320, height: 2200)
    let options = EncodingOptions(target: .quality(60), effort: 3)
    let files = try [1, 2].map { threads in
      try GQEncoder(network: try makeTinyNetwork(threads: threads)).encode(
        picture, options: options
      ).bytes
    }
    #expect(files[0] == files[1])
  }
}
