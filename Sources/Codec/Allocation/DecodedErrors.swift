internal import CGQKernels
import GQModel

/// The squared errors of what a decoder will show, position by position, found while a picture is coded.
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
  /// For every position the sum over its samples, without padding, in units where samples run from -1 to 1.
  private(set) var sums: [Float]

  init(
    _ source: some PictureSource, levels: [UInt8], network: Network
  ) throws(ModelError) {
    width = source.width
    height = source.height
    colorType = source.colorType
    grid = LatentGrid(width: source.width, height: source.height)
    self.levels = levels
    pool = network.pool
    stream = try network.pixelStream(columns: grid.columns)
    sums = [Float](repeating: 0, count: grid.positionCount)
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
    let found = samplesOfNetworkOutput(
      pixels, rows: 0..<rows, columns: 0..<width, colorType: colorType, pool)
    let components = colorType.componentCount
    // Grey stands for three equal components.
    let unit = Float(3 / components) / (127.5 * 127.5)
    sums.withUnsafeMutableBufferPointer { sums in
      waiting.withUnsafeBufferPointer { original in
        found.withUnsafeBufferPointer { found in
          let (sums, original, found) = (Disjoint(sums), Disjoint(original), Disjoint(found))
          pool.forEach((rows + stride - 1) / stride) { band in
            for row in band * stride..<min(rows, (band + 1) * stride) {
              for column in 0..<columns {
                let first = row * rowLength + column * stride * components
                let count = min(stride, width - column * stride) * components
                var sum: Int32 = 0
                for k in first..<first + count {
                  let difference = Int32(found.value[k]) - Int32(original.value[k])
                  sum &+= difference &* difference
                }
                sums.value[firstPosition + band * columns + column] += Float(sum) * unit
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
