import GQBitstream

/// Positions that are to be graphics, as connected areas.
struct GraphicsAreas {
  private let header: Header
  private(set) var mask: [Bool]

  init(header: Header, mask: [Bool]) {
    precondition(mask.count == header.rows * header.columns)
    (self.header, self.mask) = (header, mask)
  }

  /// Forgets areas of fewer positions, and areas that `isWorth` does not want.
  mutating func keep(atLeast least: Int, _ isWorth: ([Int]) -> Bool) {
    var isSeen = mask.map { !$0 }
    for start in mask.indices where !isSeen[start] {
      let area = area(from: start, &isSeen)
      if area.count < least || !isWorth(area) {
        for place in area { mask[place] = false }
      }
    }
  }

  /// Takes in positions.
  mutating func add(_ positions: [Bool]) {
    for (place, isSet) in positions.enumerated() where isSet { mask[place] = true }
  }

  /// Forgets positions that are not wanted, from the borders of areas on inwards.
  mutating func trim(_ isUnwanted: (Int) -> Bool) {
    var next = mask.indices.filter { !mask[$0] }
    while let place = next.popLast() {
      for neighbour in header.neighbours(of: place) where mask[neighbour] && isUnwanted(neighbour) {
        mask[neighbour] = false
        next.append(neighbour)
      }
    }
  }

  /// Takes in the areas in between that `isWanted` wants.
  mutating func fillHoles(_ isWanted: ([Int]) -> Bool) {
    var isSeen = mask
    for start in mask.indices where !isSeen[start] {
      let area = area(from: start, &isSeen)
      if isWanted(area) {
        for place in area { mask[place] = true }
      }
    }
  }

  /// The positions that hang together with one and are not seen yet, which they are then.
  private func area(from start: Int, _ isSeen: inout [Bool]) -> [Int] {
    isSeen[start] = true
    var area = [start]
    var next = 0
    while next < area.count {
      for place in header.neighbours(of: area[next]) where !isSeen[place] {
        isSeen[place] = true
        area.append(place)
      }
      next += 1
    }
    return area
  }
}

extension Header {
  /// The positions above, below, to the left and to the right of one.
  fileprivate func neighbours(of place: Int) -> [Int] {
    let column = place % columns
    var found: [Int] = []
    if place >= columns { found.append(place - columns) }
    if place + columns < rows * columns { found.append(place + columns) }
    if column > 0 { found.append(place - 1) }
    if column + 1 < columns { found.append(place + 1) }
    return found
  }
}
