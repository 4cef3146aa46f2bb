import GQBitstream
import GQCodec
import GQModel

// The decoder for C and JavaScript: handles are numbers, errors are told by `gqd_message`. One thread.

private struct Opened {
  let decoding: PictureDecoding
  var rows: PictureDecoding.Rows
  var samples: [UInt8] = []
}

nonisolated(unsafe) private var models: [GQDecoder?] = []
nonisolated(unsafe) private var pictures: [Opened?] = []
nonisolated(unsafe) private var message: [UInt8] = []

private func keep<Value>(_ value: Value, in list: inout [Value?]) -> Int32 {
  if let free = list.firstIndex(where: { $0 == nil }) {
    list[free] = value
    return Int32(free)
  }
  list.append(value)
  return Int32(list.count - 1)
}

private func fail(_ text: String) -> Int32 {
  message = Array(text.utf8)
  return -1
}

/// Memory for so many bytes, to be given back by `gqd_free`.
@_cdecl("gqd_allocate")
public func allocate(_ count: Int) -> UnsafeMutableRawPointer {
  UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 16)
}

/// Gives memory back.
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

/// Loads a weights file; a handle.
@_cdecl("gqd_load_model")
public func loadModel(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
  do throws(ModelError) {
    let network = try Network(
      parsing: Array(UnsafeBufferPointer(start: bytes, count: count)), identifier: nil,
      pool: WorkerPool(threadCount: 1), for: .decoding)
    return keep(GQDecoder(network: network), in: &models)
  } catch {
    return fail(error.description)
  }
}

/// Forgets a model.
@_cdecl("gqd_close_model")
public func closeModel(_ model: Int32) { models[Int(model)] = nil }

/// Opens a file, or a region of its picture where the region's width is above 0; a handle.
@_cdecl("gqd_open")
public func open(
  _ model: Int32, _ bytes: UnsafePointer<UInt8>, _ count: Int, _ x: Int32, _ y: Int32,
  _ width: Int32, _ height: Int32
) -> Int32 {
  guard models.indices.contains(Int(model)), let decoder = models[Int(model)] else {
    return fail("there is no model \(model)")
  }
  do throws(CodingFailure) {
    let region =
      width > 0
      ? PixelRegion(x: Int(x), y: Int(y), width: Int(width), height: Int(height)) : nil
    let decoding = try decoder.open(
      Array(UnsafeBufferPointer(start: bytes, count: count)), region: region)
    return keep(Opened(decoding: decoding, rows: try decoding.rows()), in: &pictures)
  } catch {
    return fail(error.description)
  }
}

/// Width, height, samples of a pixel (1 or 3), and 1 if there is alpha.
@_cdecl("gqd_describe")
public func describe(_ picture: Int32, _ numbers: UnsafeMutablePointer<Int32>) {
  guard let decoding = pictures[Int(picture)]?.decoding else { return }
  numbers[0] = Int32(decoding.width)
  numbers[1] = Int32(decoding.height)
  numbers[2] = Int32(decoding.colorType.componentCount)
  numbers[3] = decoding.alpha == nil ? 0 : 1
}

/// Decodes some more rows; how many bytes of samples, 0 after the last rows, a negative number for an error.
@_cdecl("gqd_next")
public func next(_ picture: Int32) -> Int32 {
  guard var opened = pictures[Int(picture)] else { return fail("there is no picture \(picture)") }
  // Moved out and back, so that nothing is copied.
  pictures[Int(picture)] = nil
  defer { pictures[Int(picture)] = opened }
  do throws(CodingFailure) {
    opened.samples = try opened.rows.next() ?? []
    return Int32(opened.samples.count)
  } catch {
    return fail(error.description)
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
  pictures[Int(picture)]?.decoding.alpha?.withUnsafeBufferPointer { $0.baseAddress }
}

/// Forgets a picture.
@_cdecl("gqd_close")
public func close(_ picture: Int32) { pictures[Int(picture)] = nil }
