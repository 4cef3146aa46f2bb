/// The logarithm of a probability's odds, ln(p / (1 - p)), in units of 1/256, and its inverse. Probabilities are p / 32768.
enum LogOdds {
  private static let limit: Int32 = 2047
  /// round(32768 / (1 + exp(-x))) for x from -8 to 8 in steps of a half.
  private static let logistic: [Int32] = [
    11, 18, 30, 49, 81, 133, 219, 360, 589, 961, 1554, 2486, 3906, 5978, 8813, 12371, 16384, 20397,
    23955, 26790, 28862, 30282, 31214, 31807, 32179, 32408, 32549, 32635, 32687, 32719, 32738,
    32750, 32757,
  ]

  /// For every probability divided by 8 the log odds: the largest whose probability is not above it.
  private static let table: [Int16] = {
    var table: [Int16] = []
    var odds = -limit
    for step in Int32(0)..<4096 {
      while odds < limit, interpolated(odds + 1) <= 8 * step + 4 { odds += 1 }
      table.append(Int16(odds))
    }
    return table
  }()

  static func of(_ probability: UInt32) -> Int32 { Int32(table[Int(probability >> 3)]) }

  /// In 16...32752.
  static func probability(_ odds: Int32) -> Int32 {
    min(max(interpolated(min(max(odds, -limit), limit)), 16), 32752)
  }

  private static func interpolated(_ odds: Int32) -> Int32 {
    let place = odds + limit + 1
    let part = place & 127
    let k = Int(place >> 7)
    return (logistic[k] * (128 - part) + logistic[k + 1] * part + 64) >> 7
  }
}
