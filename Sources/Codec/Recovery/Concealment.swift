import GQModel

/// Conceals the latents of lost positions from intact ones around.
struct Concealment {
  let grid: LatentGrid
  /// For every position of the grid whether it is lost.
  let lost: [Bool]

  /// Fills in the lost ones among some positions of one phase: each becomes the mean of the nearest intact ones
  /// above, below, left and right, weighted by the inverse of their distances; it stays as it is when there are none.
  ///
  /// What varies slowly is carried on so, and what varies quickly is averaged away.
  ///
  /// - Parameters:
  ///   - latents: [n, channels] of the positions.
  ///   - positions: n row-major numbers in the grid, of one phase.
  func fill(_ latents: inout [Float], _ positions: [Int]) {
    guard let first = positions.first else { return }
    let channels = latents.count / positions.count
    var place = [Int](repeating: -1, count: grid.positionCount)
    for (k, position) in positions.enumerated() { place[position] = k }
    let rows = stride(from: first / grid.columns, to: grid.rows, by: 2)
    let columns = stride(from: first % grid.columns, to: grid.columns, by: 2)

    // For every position what it is made of, found by a scan in each direction.
    var sources = [[(place: Int, distance: Int)]](repeating: [], count: positions.count)
    func scan(_ line: some Sequence<Int>) {
      var nearest: (place: Int, step: Int)?
      for (step, position) in line.enumerated() {
        let k = place[position]
        if !lost[position] {
          nearest = (k, step)
        } else if let nearest {
          sources[k].append((nearest.place, step - nearest.step))
        }
      }
    }
    for row in rows {
      let line = columns.map { row * grid.columns + $0 }
      scan(line)
      scan(line.reversed())
    }
    for column in columns {
      let line = rows.map { $0 * grid.columns + column }
      scan(line)
      scan(line.reversed())
    }

    for (k, position) in positions.enumerated() where lost[position] && !sources[k].isEmpty {
      let total = sources[k].reduce(Float(0)) { $0 + 1 / Float($1.distance) }
      var mean = [Float](repeating: 0, count: channels)
      for source in sources[k] {
        let weight = 1 / Float(source.distance) / total
        for c in 0..<channels { mean[c] += weight * latents[source.place * channels + c] }
      }
      latents.replaceSubrange(k * channels..<(k + 1) * channels, with: mean)
    }
  }
}
