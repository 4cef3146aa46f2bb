/// MT19937, the generator of random words that PyTorch has on processors.
///
/// Matsumoto and Nishimura, *Mersenne Twister: A 623-dimensionally equidistributed uniform pseudo-random number generator*,
/// 1998, seeded as its authors' `init_genrand` does.
struct MersenneTwister {
  private var state: [UInt32]
  private var place = 624

  /// Starts the sequence of a seed.
  init(seed: UInt32) {
    state = [seed]
    state.reserveCapacity(624)
    for i in 1..<624 as Range<UInt32> {
      let last = state[Int(i) - 1]
      state.append(1_812_433_253 &* (last ^ last >> 30) &+ i)
    }
  }

  /// The next random word.
  mutating func next() -> UInt32 {
    if place == 624 {
      for i in 0..<624 {
        let mixed = state[i] & 0x8000_0000 | state[(i + 1) % 624] & 0x7FFF_FFFF
        state[i] = state[(i + 397) % 624] ^ mixed >> 1 ^ (mixed & 1 == 1 ? 0x9908_B0DF : 0)
      }
      place = 0
    }
    var word = state[place]
    place += 1
    word ^= word >> 11
    word ^= word << 7 & 0x9D2C_5680
    word ^= word << 15 & 0xEFC6_0000
    return word ^ word >> 18
  }
}
