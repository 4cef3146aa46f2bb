import GQBitstream
import GQCodec
import GQModel

// The decoder for C and JavaScript: handles are numbers, errors are told by `gqd_message`. One thread.

private struct Opened {
  let (width, height): (Int, Int)
  let colorType: Picture.ColorType
  let alpha: [UInt8]?
  /// Nil where `samples` has them all.
  var rows: PictureDecoding.Rows?
  var samples: [UInt8] = []
  var isFinished = false
}

nonisolated(unsafe) private var models: [GQDecoder?] = []
nonisolated(unsafe) private var pictures: [Opened?] = []
nonisolated(unsafe) private var message: [UInt8] = []
nonisolated(unsafe) private var payload: [UInt8] = []

private func keep<Value>(_ value: Value, in list: inout [Value?]) -> Int32 {
  if let free = list.firstIndex(where: { $0 == nil }) {
    list[free] = value
    return Int32(free)
  }
  list.append(value)
  return Int32(list.count - 1)
}

/// Minus the codes of include/gqimg.h.
private enum Code: Int32 {
  case invalidArgument = -1
  case modelFailure = -3
  case damaged = -4
  case wrongModel = -5
  case limitExceeded = -7
}

private func fail(_ text: String, _ code: Code = .invalidArgument) -> Int32 {
  message = Array(text.utf8)
  return code.rawValue
}

private func fail(_ failure: CodingFailure) -> Int32 {
  let code: Code =
    switch failure {
    case .bitstream(.limitExceeded): .limitExceeded
    case .bitstream, .codec(.incompatible): .damaged
    case .codec(.wrongModel): .wrongModel
    case .model: .modelFailure
    case .codec, .quantizer: .invalidArgument
    }
  return fail(failure.description, code)
}

private func bytes(_ pointer: UnsafePointer<UInt8>, _ count: Int) -> [UInt8] {
  Array(UnsafeBufferPointer(start: pointer, count: count))
}

private func region(_ x: Int32, _ y: Int32, _ width: Int32, _ height: Int32) -> PixelRegion? {
  width > 0 ? PixelRegion(x: Int(x), y: Int(y), width: Int(width), height: Int(height)) : nil
}

/// Memory for so many bytes, to be given back by `gqd_free`.
@_cdecl("gqd_allocate")
public func allocate(_ count: Int) -> UnsafeMutableRawPointer {
  UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 16)
}

/// Gives back what `gqd_allocate` gave.
@_cdecl("gqd_free")
public func free(_ pointer: UnsafeMutableRawPointer) { pointer.deallocate() }

/// Why the last call that returned a negative number failed: UTF-8 of `gqd_message_count` bytes.
@_cdecl("gqd_message")
public func messagePointer() -> UnsafePointer<UInt8>? {
  message.withUnsafeBufferPointer { $0.baseAddress }
}

/// Bytes of the message.
@_cdecl("gqd_message_count")
public func messageCount() -> Int { message.count }

/// What `gqd_inspect` or `gqd_ranges` has left: `gqd_payload_count` bytes.
@_cdecl("gqd_payload")
public func payloadPointer() -> UnsafePointer<UInt8>? {
  payload.withUnsafeBufferPointer { $0.baseAddress }
}

/// Bytes of the payload.
@_cdecl("gqd_payload_count")
public func payloadCount() -> Int { payload.count }

/// Loads a weights file; a handle. `identifier` is the eight bytes that files name the model by: a file of the decoder's
/// weights alone cannot tell. Null for a whole file.
@_cdecl("gqd_load_model")
public func loadModel(
  _ pointer: UnsafePointer<UInt8>, _ count: Int, _ identifier: UnsafePointer<UInt8>?
) -> Int32 {
  do throws(ModelError) {
    let network = try Network(
      parsing: bytes(pointer, count), identifier: identifier.map { bytes($0, 8) },
      pool: WorkerPool(threadCount: 1), for: .decoding)
    return keep(GQDecoder(network: network), in: &models)
  } catch {
    return fail(error.description, .modelFailure)
  }
}

/// Frees a model; pictures that are open keep theirs.
@_cdecl("gqd_close_model")
public func closeModel(_ model: Int32) { models[Int(model)] = nil }

/// A model's decoder; for -1 that of files that need none.
private func decoder(_ model: Int32) -> GQDecoder? {
  if model == -1 { return GQDecoder(network: nil) }
  return models.indices.contains(Int(model)) ? models[Int(model)] : nil
}

/// Opens a file, or a region of its picture where the region's width is above 0; a handle.
@_cdecl("gqd_open")
public func open(
  _ model: Int32, _ pointer: UnsafePointer<UInt8>, _ count: Int, _ x: Int32, _ y: Int32,
  _ width: Int32, _ height: Int32
) -> Int32 {
  guard let decoder = decoder(model) else { return fail("there is no model \(model)") }
  do throws(CodingFailure) {
    let decoding = try decoder.open(bytes(pointer, count), region: region(x, y, width, height))
    return keep(
      Opened(
        width: decoding.width, height: decoding.height, colorType: decoding.colorType,
        alpha: decoding.alpha, rows: try decoding.rows()), in: &pictures)
  } catch {
    return fail(error)
  }
}

/// Opens a damaged file, using the bits of damaged tiles or not; a handle. `gqd_message` then says what is damaged, as JSON.
@_cdecl("gqd_recover")
public func recover(
  _ model: Int32, _ pointer: UnsafePointer<UInt8>, _ count: Int, _ usesDamagedBits: Int32
) -> Int32 {
  guard let decoder = decoder(model) else { return fail("there is no model \(model)") }
  do throws(CodingFailure) {
    let recovery = try decoder.recover(
      bytes(pointer, count), options: RecoveryOptions(usesDamagedBits: usesDamagedBits != 0))
    let damage = recovery.damage.map { "[\($0.x),\($0.y),\($0.width),\($0.height)]" }
    message = Array(
      "{\"damage\":[\(joined(damage))],\"problems\":\(recovery.problems.count)}".utf8)
    let picture = recovery.picture
    return keep(
      Opened(
        width: picture.width, height: picture.height, colorType: picture.colorType,
        alpha: picture.alpha, samples: picture.samples), in: &pictures)
  } catch {
    return fail(error)
  }
}

private func joined(_ texts: [String]) -> String {
  var result = ""
  for text in texts { result += (result.isEmpty ? "" : ",") + text }
  return result
}

/// A file without its codes decoded: all of it, what can be read of a damaged one, or what indices tell.
private func structure(
  _ pointer: UnsafePointer<UInt8>, _ count: Int, _ recovers: Int32,
  window: GridRectangle? = nil
) throws(BitstreamError) -> FileStructure {
  let bytes = bytes(pointer, count)
  guard recovers == 0 else { return try FileStructure(recovering: bytes) }
  return try FileStructure(parsing: bytes, window: window)
}

/// Reads a file up to its codes, without a model: `gqd_message` then describes it as JSON, and the payload has the level of
/// every position. Codes need not be there, only room for them; and where it is told to read no more than indices, neither blocks
/// of level maps nor units of graphics, and the payload has nothing. Zero, or a negative number for an error.
@_cdecl("gqd_inspect")
public func inspect(
  _ pointer: UnsafePointer<UInt8>, _ count: Int, _ recovers: Int32, _ indicesAlone: Int32
) -> Int32 {
  do throws(BitstreamError) {
    let file = try structure(
      pointer, count, recovers, window: indicesAlone != 0 ? .empty : nil)
    let (header, layout) = (file.header, file.layout)
    let chunks = file.ancillary.map {
      "{\"type\":\"\(UnicodeScalar($0.type))\",\"bytes\":\($0.payload.count)}"
    }
    let model = joined(header.modelIdentifier.map { "\($0)" })
    message = Array(
      ("{\"width\":\(header.width),\"height\":\(header.height),"
        + "\"colorType\":\"\(header.colorType == .grey ? "grey" : "rgb")\",\"modelBytes\":[\(model)],"
        + "\"stateBits\":\(header.stateBits),\"seed\":\"\(header.seed)\","
        + "\"tileSize\":\((1 << header.tileExponent) * Header.stride),\"tiles\":\(layout.tiles.count),"
        + "\"order\":\"\(layout.order == .phases ? "phases" : "tiles")\","
        + "\"columns\":\(file.levelMap.columns),\"rows\":\(file.levelMap.rows),"
        + "\"levelBits\":[\(joined(file.rateTable.bits.map { "\($0)" }))],"
        + "\"levelMapBytes\":\(file.levelMapByteCount),\"codeBytes\":\(layout.byteCount),"
        + "\"fileBytes\":\(count),\"hasHeadCopy\":\(file.hasHeadCopy),"
        + "\"problems\":\(file.problems.count),\"chunks\":[\(joined(chunks))]}").utf8)
    payload = indicesAlone != 0 ? [] : file.levelMap.levels
    return 0
  } catch {
    return fail(CodingFailure.bitstream(error))
  }
}

/// The units of graphics of a file that are VP8L, which whoever shows the picture decodes and puts over it: `gqd_message` then is a list of
/// [x, y, width, height, first byte, count] as JSON, and the payload has a byte for every position, 1 where graphics is shown.
/// Only units that a region has a part of, where its width is above 0. How many units, or a negative number for an error; units
/// that are damaged are left out where it `recovers`.
@_cdecl("gqd_graphics")
public func graphics(
  _ pointer: UnsafePointer<UInt8>, _ count: Int, _ recovers: Int32, _ x: Int32, _ y: Int32,
  _ width: Int32, _ height: Int32
) -> Int32 {
  do throws(CodingFailure) {
    let region = region(x, y, width, height)
    let file: FileStructure
    do throws(BitstreamError) {
      file = try structure(pointer, count, recovers, window: region == nil ? nil : .empty)
    } catch {
      throw .bitstream(error)
    }
    var shown: GridRectangle?
    do throws(CodecError) {
      shown = try region?.positions(in: file.header)
    } catch {
      throw .codec(error)
    }
    payload = file.graphicsMask.map { $0.map { $0 ? 1 : 0 } } ?? []
    var units: [String] = []
    for (number, place) in file.graphicsPlaces.enumerated()
    where shown?.overlaps(place) ?? true {
      do throws(BitstreamError) {
        let unit = try file.graphicsUnit(number)
        if unit.first == ContextCodedPixels.signature { continue }
        let left = place.columns.lowerBound * Header.stride
        let top = place.rows.lowerBound * Header.stride
        let (width, height) = (place.width(in: file.header), place.height(in: file.header))
        units.append("[\(left),\(top),\(width),\(height),\(unit.startIndex),\(unit.count)]")
      } catch {
        guard recovers != 0 else { throw CodingFailure.bitstream(error) }
      }
    }
    message = Array("[\(joined(units))]".utf8)
    return Int32(units.count)
  } catch {
    return fail(error)
  }
}

/// The ICC profile of a file becomes the payload. Its bytes, 0 for none, or a negative number for an error.
@_cdecl("gqd_profile")
public func profile(_ pointer: UnsafePointer<UInt8>, _ count: Int, _ recovers: Int32) -> Int32 {
  do throws(BitstreamError) {
    let file = try structure(pointer, count, recovers, window: .empty)
    payload = file.ancillary(Chunk.iccProfile) ?? []
    return Int32(payload.count)
  } catch {
    return fail(CodingFailure.bitstream(error))
  }
}

/// The preview that a file holds, a file of its own, becomes the payload. Its bytes, 0 for none, or a negative number for an
/// error.
@_cdecl("gqd_preview")
public func preview(_ pointer: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
  do throws(BitstreamError) {
    payload = try GQDecoder.preview(of: bytes(pointer, count)) ?? []
    return Int32(payload.count)
  } catch {
    return fail(CodingFailure.bitstream(error))
  }
}

/// Which bytes of a file a region's pixels depend on: of its level map and graphics, or of its codes, which is known once those
/// are there. The payload then has pairs of numbers of four bytes, first and count. How many pairs, or a negative number for an
/// error.
@_cdecl("gqd_ranges")
public func ranges(
  _ model: Int32, _ pointer: UnsafePointer<UInt8>, _ count: Int, _ x: Int32, _ y: Int32,
  _ width: Int32, _ height: Int32, _ codes: Int32
) -> Int32 {
  guard let decoder = decoder(model) else { return fail("there is no model \(model)") }
  do throws(CodingFailure) {
    let found = try decoder.ranges(
      of: PixelRegion(x: Int(x), y: Int(y), width: Int(width), height: Int(height)),
      codes != 0 ? .codes : .levelsAndGraphics, in: bytes(pointer, count))
    payload = []
    for range in found {
      for number in [range.lowerBound, range.count] {
        for shift in [0, 8, 16, 24] { payload.append(UInt8(truncatingIfNeeded: number >> shift)) }
      }
    }
    return Int32(found.count)
  } catch {
    return fail(error)
  }
}

/// Width, height, samples of a pixel (1 or 3), and 1 if there is alpha.
@_cdecl("gqd_describe")
public func describe(_ picture: Int32, _ numbers: UnsafeMutablePointer<Int32>) {
  guard let opened = pictures[Int(picture)] else { return }
  numbers[0] = Int32(opened.width)
  numbers[1] = Int32(opened.height)
  numbers[2] = Int32(opened.colorType.componentCount)
  numbers[3] = opened.alpha == nil ? 0 : 1
}

/// Decodes some more rows; how many bytes of samples, 0 after the last rows, a negative number for an error.
@_cdecl("gqd_next")
public func next(_ picture: Int32) -> Int32 {
  guard var opened = pictures[Int(picture)] else { return fail("there is no picture \(picture)") }
  // Moved out and back, so that nothing is copied.
  pictures[Int(picture)] = nil
  defer { pictures[Int(picture)] = opened }
  do throws(CodingFailure) {
    if opened.rows != nil {
      opened.samples = try opened.rows?.next() ?? []
    } else if opened.isFinished {
      opened.samples = []
    }
    opened.isFinished = true
    return Int32(opened.samples.count)
  } catch {
    return fail(error)
  }
}

/// The samples that `gqd_next` has decoded.
@_cdecl("gqd_samples")
public func samples(_ picture: Int32) -> UnsafePointer<UInt8>? {
  pictures[Int(picture)]?.samples.withUnsafeBufferPointer { $0.baseAddress }
}

/// `width * height` samples of alpha.
@_cdecl("gqd_alpha")
public func alpha(_ picture: Int32) -> UnsafePointer<UInt8>? {
  pictures[Int(picture)]?.alpha?.withUnsafeBufferPointer { $0.baseAddress }
}

/// Frees a picture.
@_cdecl("gqd_close")
public func close(_ picture: Int32) { pictures[Int(picture)] = nil }
