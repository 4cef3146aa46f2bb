/// The inverse of the standard normal distribution function, the same bits on every machine.
///
/// Wichura's algorithm AS 241 (PPND16), *Applied Statistics* 37(3), 1988. Only operations that
/// IEEE 754 rounds exactly are used (sum, difference, product, quotient, square root), each rounded
/// on its own and in the order written; the logarithm is computed here for the same reason. The
/// relative error is about 1e-15.
public enum NormalQuantile {
  /// The x for which a standard normal variable lies below x with the given probability.
  ///
  /// - Parameter probability: Between 0 and 1, both excluded; anything else stops the program.
  public static func value(at probability: Double) -> Double {
    precondition(probability > 0 && probability < 1, "a probability lies between 0 and 1")
    return unchecked(probability)
  }

  /// As `value(at:)`, for a probability known to lie between 0 and 1.
  @inline(__always)
  static func unchecked(_ probability: Double) -> Double {
    let q = probability - 0.5
    guard q.magnitude > 0.425 else {
      return centre(q)
    }
    return q < 0 ? -tail(probability) : tail(1 - probability)
  }

  /// The quantile at 0.5 + q, for |q| at most 0.425.
  @inline(__always)
  private static func centre(_ q: Double) -> Double {
    let r = 0.180625 - q * q
    var numerator = 2.5090809287301226727e3
    numerator = numerator * r + 3.3430575583588128105e4
    numerator = numerator * r + 6.7265770927008700853e4
    numerator = numerator * r + 4.5921953931549871457e4
    numerator = numerator * r + 1.3731693765509461125e4
    numerator = numerator * r + 1.9715909503065514427e3
    numerator = numerator * r + 1.3314166789178437745e2
    numerator = numerator * r + 3.3871328727963666080e0
    var denominator = 5.2264952788528545610e3
    denominator = denominator * r + 2.8729085735721942674e4
    denominator = denominator * r + 3.9307895800092710610e4
    denominator = denominator * r + 2.1213794301586595867e4
    denominator = denominator * r + 5.3941960214247511077e3
    denominator = denominator * r + 6.8718700749205790830e2
    denominator = denominator * r + 4.2313330701600911252e1
    denominator = denominator * r + 1
    return q * numerator / denominator
  }

  /// Minus the quantile at a probability of at most 0.075.
  @inline(never)
  private static func tail(_ probability: Double) -> Double {
    let root = (-naturalLogarithm(probability)).squareRoot()
    return root <= 5 ? nearTail(root - 1.6) : farTail(root - 5)
  }

  /// The tail down to a probability of about 1.4e-11; no 32-bit draw lies further out.
  private static func nearTail(_ r: Double) -> Double {
    var numerator = 7.74545014278341407640e-4
    numerator = numerator * r + 2.27238449892691845833e-2
    numerator = numerator * r + 2.41780725177450611770e-1
    numerator = numerator * r + 1.27045825245236838258e0
    numerator = numerator * r + 3.64784832476320460504e0
    numerator = numerator * r + 5.76949722146069140550e0
    numerator = numerator * r + 4.63033784615654529590e0
    numerator = numerator * r + 1.42343711074968357734e0
    var denominator = 1.05075007164441684324e-9
    denominator = denominator * r + 5.47593808499534494600e-4
    denominator = denominator * r + 1.51986665636164571966e-2
    denominator = denominator * r + 1.48103976427480074590e-1
    denominator = denominator * r + 6.89767334985100004550e-1
    denominator = denominator * r + 1.67638483018380384940e0
    denominator = denominator * r + 2.05319162663775882187e0
    denominator = denominator * r + 1
    return numerator / denominator
  }

  /// The tail beyond `nearTail`.
  private static func farTail(_ r: Double) -> Double {
    var numerator = 2.01033439929228813265e-7
    numerator = numerator * r + 2.71155556874348757815e-5
    numerator = numerator * r + 1.24266094738807843860e-3
    numerator = numerator * r + 2.65321895265761230930e-2
    numerator = numerator * r + 2.96560571828504891230e-1
    numerator = numerator * r + 1.78482653991729133580e0
    numerator = numerator * r + 5.46378491116411436990e0
    numerator = numerator * r + 6.65790464350110377720e0
    var denominator = 2.04426310338993978564e-15
    denominator = denominator * r + 1.42151175831644588870e-7
    denominator = denominator * r + 1.84631831751005468180e-5
    denominator = denominator * r + 7.86869131145613259100e-4
    denominator = denominator * r + 1.48753612908506148525e-2
    denominator = denominator * r + 1.36929880922735805310e-1
    denominator = denominator * r + 5.99832206555887937690e-1
    denominator = denominator * r + 1
    return numerator / denominator
  }

  /// ln x for a positive normal number, from exactly rounded operations only.
  ///
  /// x = 2^e m with m between the square roots of 1/2 and 2, and with s = (m - 1) / (m + 1):
  /// ln x = e ln 2 + 2 s (1 + s^2 / 3 + s^4 / 5 + ... + s^20 / 21).
  static func naturalLogarithm(_ x: Double) -> Double {
    var mantissa = x.significand
    var exponent = Double(x.exponent)
    if mantissa > 1.4142135623730951 {
      mantissa *= 0.5
      exponent += 1
    }
    let s = (mantissa - 1) / (mantissa + 1)
    let square = s * s
    var series = 1.0 / 21
    series = series * square + 1.0 / 19
    series = series * square + 1.0 / 17
    series = series * square + 1.0 / 15
    series = series * square + 1.0 / 13
    series = series * square + 1.0 / 11
    series = series * square + 1.0 / 9
    series = series * square + 1.0 / 7
    series = series * square + 1.0 / 5
    series = series * square + 1.0 / 3
    series = series * square + 1
    return exponent * 0.6931471805599453 + (s + s) * series
  }
}
