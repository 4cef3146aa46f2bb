import GQBitstream

/// What a file holds beside the codes: metadata and alpha, as chunks.
struct Attachments {
  /// In the order in which they stand in the file.
  let chunks: [Chunk]

  /// The attachments of a picture.
  ///
  /// - Throws: `CodecError.metadataTooLarge` when a reader would refuse the file.
  init(_ picture: Picture, preview: [UInt8]? = nil) throws(CodecError) {
    var chunks = try Self(picture.metadata, preview: preview).chunks
    if let alpha = picture.alpha {
      let plane = AlphaPlane(width: picture.width, height: picture.height, samples: alpha)
      chunks.append(Chunk(ancillary: Chunk.alpha, payload: plane.encoded()))
    }
    self.chunks = chunks
  }

  /// The attachments of an opaque picture.
  ///
  /// - Throws: as for a picture with alpha.
  init(_ metadata: PictureMetadata, preview: [UInt8]? = nil) throws(CodecError) {
    let limit = DecodeLimits().maxAncillaryBytes
    var chunks: [Chunk] = []
    for (type, name, payload) in [
      (Chunk.iccProfile, "ICC profile", metadata.iccProfile), (Chunk.exif, "Exif", metadata.exif),
      (Chunk.xmp, "XMP", metadata.xmp), (Chunk.preview, "preview", preview),
    ] {
      guard let payload else { continue }
      guard payload.count <= limit else {
        throw .metadataTooLarge(name, found: payload.count, limit: limit)
      }
      chunks.append(Chunk(ancillary: type, payload: payload))
    }
    self.chunks = chunks
  }

  var metadataBytes: Int {
    chunks.reduce(0) { $0 + $1.payload.count } - previewBytes - alphaBytes
  }

  var previewBytes: Int { byteCount(Chunk.preview) }

  var alphaBytes: Int { byteCount(Chunk.alpha) }

  private func byteCount(_ type: UInt8) -> Int {
    chunks.filter { $0.type == type }.reduce(0) { $0 + $1.payload.count }
  }
}
