extension Safetensors {
  /// A table [levels, columns] of one tuning; files hold those of all tunings one after the other.
  ///
  /// - Throws: `ModelError.missingTensor`, `wrongShape` or `malformedHeader`.
  func floats(
    _ name: String, columns: Int, _ c: ModelConfiguration, tuning: Int
  ) throws(ModelError) -> [Float] {
    try floats(
      name, shape: [c.tunings.count, c.levels.count, columns], rows: tuning..<tuning + 1)
  }
}
