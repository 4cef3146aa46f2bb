package import GQCodec

extension Picture {
  /// The picture without alpha, as it looks on a background of one colour: `red`, `green` and `blue`, of which a
  /// grey picture takes the mean.
  package func flattened(red: UInt8, green: UInt8, blue: UInt8) -> Picture {
    guard let alpha else { return self }
    let background: [Int] =
      colorType == .rgb
      ? [Int(red), Int(green), Int(blue)] : [(Int(red) + Int(green) + Int(blue) + 1) / 3]
    let components = background.count
    var samples = samples
    for (pixel, value) in alpha.enumerated() where value != 255 {
      let opacity = Int(value)
      for c in 0..<components {
        let place = pixel * components + c
        let front = Int(samples[place]) * opacity
        let back = background[c] * (255 - opacity)
        samples[place] = UInt8((front + back + 127) / 255)
      }
    }
    return Picture(
      width: width, height: height, colorType: colorType, samples: samples, metadata: metadata)
  }
}
