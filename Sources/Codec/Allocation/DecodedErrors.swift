internal import CGQKernels
import GQModel

/// What a decoder will show beside what was meant, position by position, found while a picture is coded.
///
/// Rows of the picture and rows of decoded latents come from above to below, latents some rows behind; samples are
/// kept until their pixels are decoded.
struct DecodedErrors {
  private let width: Int
  private let height: Int
  private let colorType: Picture.ColorType
  private let grid: LatentGrid
  private let levels: [UInt8]
  private let pool: WorkerPool
  private var stream: PixelStream
  /// Samples of rows that are not decoded yet, and the first of these rows.
  private var waiting: [UInt8] = []
  private var nextRow = 0
  private var latentRows = 0
  /// Of the positions.
  private(set) var found: Found

  /// Sums over a position's samples, without padding, in units where samples run from -1 to 1.
  struct Found {
    /// Squared errors.
    var squares: [Float]
    /// The part of them that is the same in all pixels: as many times the squares of the components' mean errors. What is seen
    /// first on calm ground.
    var shifts: [Float]
    /// How visible the worst block of 8 x 8 pixels is: the square of its mean error in levels of 8 bits, divided by the square of
    /// 2 + a quarter of the picture's standard deviation there, which masks it. AVIF's blocks have less than 1 at the default
    /// quality's bits, but for one in thousands (`docs/experiments.md`).
    var visibility: [Float]

    /// Leaves out the errors of positions that are graphics.
    mutating func leaveOut(_ mask: [Bool]) {
      for (position, isSet) in mask.enumerated() where isSet {
        squares[position] = 0
        shifts[position] = 0
        visibility[position] = 0
      }
    }
  }

  init(
    _ source: some PictureSource, levels: [UInt8], outside: OutsidePositions?, network: Network
  ) throws(ModelError) {
    width = source.width
    height = source.height
    colorType = source.colorType
    grid = LatentGrid(width: source.width, height: source.height)
    self.levels = levels
    pool = network.pool
    stream = try network.pixelStream(columns: grid.columns, outside: outside)
    let none = [Float](repeating: 0, count: grid.positionCount)
    found = Found(squares: none, shifts: none, visibility: none)
  }

  /// Takes rows of the picture.
  mutating func push(samples: [UInt8]) { waiting += samples }

  /// Takes rows of decoded latents whose samples have come.
  mutating func push(latents: Tensor) {
    let rows = latentRows..<latentRows + latents.rows
    latentRows = rows.upperBound
    var decoded: [Tensor] = []
    stream.push(
      latents,
      levels: Array(levels[rows.lowerBound * grid.columns..<rows.upperBound * grid.columns]),
      isLast: latentRows == grid.rows
    ) { decoded.append($0) }
    for pixels in decoded { add(pixels) }
  }

  /// Whole rows of positions.
  private mutating func add(_ pixels: Tensor) {
    let stride = Network.stride
    let rowLength = width * colorType.componentCount
    let rows = min(pixels.rows, height - nextRow)
    let (width, columns, pool) = (width, grid.columns, pool)
    let firstPosition = nextRow / stride * columns
    let decoded = samplesOfNetworkOutput(
      pixels, rows: 0..<rows, columns: 0..<width, colorType: colorType, pool)
    let components = colorType.componentCount
    // Grey stands for three equal components.
    let unit = Float(3 / components) / (127.5 * 127.5)
    found.squares.withUnsafeMutableBufferPointer { squares in
      found.shifts.withUnsafeMutableBufferPointer { shifts in
        found.visibility.withUnsafeMutableBufferPointer { visibility in
          waiting.withUnsafeBufferPointer { original in
            decoded.withUnsafeBufferPointer { decoded in
              let (squares, shifts) = (Disjoint(squares), Disjoint(shifts))
              let visibility = Disjoint(visibility)
              let (original, decoded) = (Disjoint(original), Disjoint(decoded))
              pool.forEach((rows + stride - 1) / stride) { band in
                let bandRows = band * stride..<min(rows, (band + 1) * stride)
                for column in 0..<columns {
                  let pixels = min(stride, width - column * stride)
                  let sums = PositionSums(
                    original.value, decoded.value,
                    from: bandRows.lowerBound * rowLength + column * stride * components,
                    rows: bandRows.count, rowLength: rowLength, pixels: pixels,
                    components: components)
                  let position = firstPosition + band * columns + column
                  var shift: Float = 0
                  for c in 0..<components {
                    shift += Float(sums.differences[c]) * Float(sums.differences[c])
                  }
                  squares.value[position] = Float(sums.square) * unit
                  shifts.value[position] = shift / Float(bandRows.count * pixels) * unit
                  visibility.value[position] = sums.visibility
                }
              }
            }
          }
        }
      }
    }
    waiting.removeFirst(rows * rowLength)
    nextRow += rows
  }
}
