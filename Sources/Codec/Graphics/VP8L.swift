#if !hasFeature(Embedded)
  internal import CGQWebP
#endif

/// VP8L bitstreams (RFC 9649, section 3), without the RIFF container around them, by libwebp.
///
/// Embedded Swift has no libwebp: there, whoever shows the picture decodes these units, as browsers can.
enum VP8L {
  #if hasFeature(Embedded)
    static func decode(_ bytes: ArraySlice<UInt8>, width: Int, height: Int) -> [UInt8]? { nil }

    static func encode(_ samples: [UInt8], width: Int, height: Int, effort: Int) -> [UInt8]? { nil }
  #else
    /// RGB samples of a bitstream; nil when it is damaged or of another size. Inverse of `encode`.
    static func decode(_ bytes: ArraySlice<UInt8>, width: Int, height: Int) -> [UInt8]? {
      // libwebp wants at least 12 bytes, which the smallest bitstreams do not have.
      let missing = 12 - bytes.count
      let bytes = missing > 0 ? bytes + [UInt8](repeating: 0, count: missing) : bytes
      return bytes.withUnsafeBufferPointer { source in
        var features = WebPBitstreamFeatures()
        guard let base = source.baseAddress,
          WebPGetFeatures(base, source.count, &features) == VP8_STATUS_OK,
          features.format == 2, Int(features.width) == width, Int(features.height) == height
        else { return nil }
        var samples = [UInt8](repeating: 0, count: width * height * 3)
        let count = samples.count
        let isDecoded = samples.withUnsafeMutableBufferPointer {
          WebPDecodeRGBInto(base, source.count, $0.baseAddress, count, Int32(width * 3)) != nil
        }
        return isDecoded ? samples : nil
      }
    }

    /// The bitstream of RGB samples; nil when there is no memory.
    ///
    /// - Parameter effort: 1 to 9; 5 is what cwebp calls `-lossless -m 4`. What costs no time is tried anyway.
    static func encode(_ samples: [UInt8], width: Int, height: Int, effort: Int) -> [UInt8]? {
      guard let first = encodeOnce(samples, width: width, height: height, effort: effort) else {
        return nil
      }
      guard width * height <= smallPixels, effort < 9,
        let second = encodeOnce(samples, width: width, height: height, effort: 9)
      else { return first }
      return second.count < first.count ? second : first
    }

    /// Up to so many pixels all that libwebp can do takes five milliseconds at most.
    private static let smallPixels = 1 << 10

    private static func encodeOnce(
      _ samples: [UInt8], width: Int, height: Int, effort: Int
    ) -> [UInt8]? {
      var config = WebPConfig()
      var picture = WebPPicture()
      guard WebPConfigInit(&config) != 0, WebPPictureInit(&picture) != 0 else { return nil }
      config.lossless = 1
      config.method = [0, 0, 1, 2, 4, 4, 5, 6, 6][effort - 1]
      config.quality = [20, 40, 50, 70, 75, 75, 80, 90, 100][effort - 1]
      picture.use_argb = 1
      picture.width = Int32(width)
      picture.height = Int32(height)
      var writer = WebPMemoryWriter()
      WebPMemoryWriterInit(&writer)
      defer {
        WebPMemoryWriterClear(&writer)
        WebPPictureFree(&picture)
      }
      picture.writer = { WebPMemoryWrite($0, $1, $2) }
      let isEncoded = withUnsafeMutablePointer(to: &writer) { writer in
        picture.custom_ptr = UnsafeMutableRawPointer(writer)
        return WebPPictureImportRGB(&picture, samples, Int32(width * 3)) != 0
          && WebPEncode(&config, &picture) != 0
      }
      guard isEncoded, let base = writer.mem, writer.size >= 20 else { return nil }
      let file = UnsafeBufferPointer(start: base, count: writer.size)
      // "RIFF", size, "WEBP", "VP8L", size of the bitstream, and perhaps a byte behind it.
      let count = (0..<4).reduce(0) { $0 | Int(file[16 + $1]) << (8 * $1) }
      guard file[12..<16].elementsEqual("VP8L".utf8), count <= writer.size - 20 else { return nil }
      return Array(file[20..<20 + count])
    }
  #endif
}
