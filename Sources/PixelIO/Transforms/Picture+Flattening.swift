package import GQCodec

extension Picture {
  /// The picture without alpha, as it looks on a background of one colour: `red`, `green` and `blue`, which makes a grey
  /// picture coloured unless they are equal.
  package func flattened(red: UInt8, green: UInt8, blue: UInt8) -> Picture {
    guard let alpha else { return self }
    let isGrey = colorType == .grey && red == green && green == blue
    let background = isGrey ? [Int(red)] : [Int(red), Int(green), Int(blue)]
    let components = background.count
    var samples =
      colorType == .grey && !isGrey ? samples.flatMap { [$0, $0, $0] } : samples
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
      width: width, height: height, colorType: isGrey ? .grey : .rgb, samples: samples,
      metadata: metadata)
  }
}
