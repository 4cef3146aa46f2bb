package import GQCodec

extension Picture {
  /// The picture without alpha, laid over a grey of this value.
  ///
  /// Two pictures with alpha look alike when they do on black and on white.
  package func flattened(on background: UInt8) -> Picture {
    guard let alpha else { return self }
    let step = colorType.componentCount
    let ground = Int(background)
    let flat = [UInt8](unsafeUninitializedCapacity: samples.count) { target, count in
      for i in 0..<alpha.count {
        let weight = Int(alpha[i])
        for c in 0..<step {
          let sum = Int(samples[i * step + c]) * weight + ground * (255 - weight)
          target[i * step + c] = UInt8((sum + 127) / 255)
        }
      }
      count = samples.count
    }
    return Picture(
      width: width, height: height, colorType: colorType, samples: flat, metadata: metadata)
  }
}
