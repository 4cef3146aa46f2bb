internal import GQCodec

/// Calls `body` with the marker and content of each segment of a JPEG file up to its end marker, until it returns false
/// or the file makes no sense. Returns where the file's end marker ends, nil when it was not reached.
///
/// As in libjpeg, bytes between segments that begin no marker are passed over, and so are the pixels.
@discardableResult
func forEachSegment(
  ofJPEG bytes: [UInt8], _ body: (_ marker: UInt8, _ content: ArraySlice<UInt8>) -> Bool
) -> Int? {
  bytes.withUnsafeBufferPointer { buffer in
    var position = 2
    var isInPixels = false
    while position + 1 < buffer.count {
      // A marker: 0xFF, any more of it as padding, what is neither that nor zero.
      guard buffer[position] == 0xFF, buffer[position + 1] != 0xFF, buffer[position + 1] != 0 else {
        position += 1
        continue
      }
      let marker = buffer[position + 1]
      position += 2
      if marker == 0xD9 { return position }
      // No length follows, and pixels go on behind restart markers.
      if marker == 0x01 || (0xD0...0xD8).contains(marker) { continue }
      guard position + 2 <= buffer.count else { return nil }
      let length = Int(buffer[position]) << 8 | Int(buffer[position + 1])
      guard length >= 2, position + length <= buffer.count else {
        // What looks like a marker among damaged pixels is none.
        if isInPixels { continue }
        return nil
      }
      if marker == 0xDA { isInPixels = true }
      if !isInPixels, !body(marker, bytes[(position + 2)..<(position + length)]) { return nil }
      position += length
    }
    return nil
  }
}

/// The names that metadata segments begin with.
enum JPEGSegmentName {
  /// Exif, in APP1.
  static let exif = Array("Exif\0\0".utf8)
  /// XMP, in APP1.
  static let xmp = Array("http://ns.adobe.com/xap/1.0/\0".utf8)
  /// The rest of an XMP packet that is too large for one segment, in APP1.
  static let extendedXMP = Array("http://ns.adobe.com/xmp/extension/\0".utf8)
  /// Part of a profile, in APP2 (ICC.1:2010, annex B.4): number of the part from 1, number of parts, bytes.
  static let iccProfile = Array("ICC_PROFILE\0".utf8)

  /// The marker of Exif and XMP.
  static let app1: UInt8 = 0xE1
  /// The marker of profiles.
  static let app2: UInt8 = 0xE2
  /// The most bytes that a segment holds beside its length.
  static let maxContent = 65533
}

/// Reads the metadata in front of a JPEG file's pixels. `metadataSegments` is the inverse.
func readMetadata(
  ofJPEG bytes: [UInt8], limits: PictureLimits
) throws(PixelIOError) -> (metadata: PictureMetadata, conversions: [Conversion]) {
  var metadata = PictureMetadata()
  var conversions: [Conversion] = []
  var parts: [UInt8: ArraySlice<UInt8>] = [:]
  var partCount: UInt8?
  var isProfileBroken = false
  var others = JPEGOthers()
  let end = forEachSegment(ofJPEG: bytes) { marker, content in
    if marker == JPEGSegmentName.app1 {
      if metadata.exif == nil, content.starts(with: JPEGSegmentName.exif) {
        metadata.exif = Array(content.dropFirst(JPEGSegmentName.exif.count))
      } else if metadata.xmp == nil, content.starts(with: JPEGSegmentName.xmp) {
        metadata.xmp = Array(content.dropFirst(JPEGSegmentName.xmp.count))
      } else if content.starts(with: JPEGSegmentName.extendedXMP) {
        let conversion = Conversion.leftOut(.xmp, reason: "its part in further segments")
        if !conversions.contains(conversion) { conversions.append(conversion) }
      }
    } else if marker == JPEGSegmentName.app2, content.starts(with: JPEGSegmentName.iccProfile) {
      let part = content.dropFirst(JPEGSegmentName.iccProfile.count)
      guard part.count >= 2 else {
        isProfileBroken = true
        return true
      }
      let number = part[part.startIndex]
      let count = part[part.startIndex + 1]
      isProfileBroken =
        isProfileBroken || number == 0 || number > count || partCount ?? count != count
        || parts[number] != nil
      partCount = count
      parts[number] = part.dropFirst(2)
    } else {
      others.add(marker, content)
    }
    return true
  }
  if let partCount, !isProfileBroken, parts.count == Int(partCount) {
    let size = parts.values.reduce(0) { $0 + $1.count }
    try limits.check(.iccProfile, byteCount: size)
    metadata.iccProfile = (1...partCount).flatMap { parts[$0] ?? [] }
  } else if partCount != nil || isProfileBroken {
    conversions.append(.leftOut(.iccProfile, reason: "its parts do not fit together"))
  }
  if let end { others.addTrailer(bytes[end...]) }
  if let xmp = metadata.xmp, JPEGOthers.isPromised(by: xmp) {
    metadata.xmp = nil
    conversions.append(
      .leftOut(.xmp, reason: "it promises a further picture or a video, which is not kept"))
  }
  if metadata.exif != nil { others.resolution = nil }
  if !others.things.isEmpty { conversions.append(.notKept(others.things)) }
  try limits.check(.exif, byteCount: metadata.exif?.count ?? 0)
  try limits.check(.xmp, byteCount: metadata.xmp?.count ?? 0)
  return (metadata, conversions)
}

/// The segments of a JPEG file that hold metadata, each as marker, length of the content in two bytes, content.
func metadataSegments(_ metadata: PictureMetadata) throws(PixelIOError) -> [UInt8] {
  var segments: [UInt8] = []
  func append(_ marker: UInt8, _ content: [UInt8]) {
    segments += [marker, UInt8(content.count >> 8), UInt8(content.count & 255)] + content
  }
  for (kind, name, payload) in [
    (Conversion.Metadata.exif, JPEGSegmentName.exif, metadata.exif),
    (.xmp, JPEGSegmentName.xmp, metadata.xmp),
  ] {
    guard let payload else { continue }
    guard name.count + payload.count <= JPEGSegmentName.maxContent else {
      throw .notWritable(
        .jpeg,
        detail: "\(kind.rawValue) of \(payload.count) bytes does not fit in a segment")
    }
    append(JPEGSegmentName.app1, name + payload)
  }
  if let profile = metadata.iccProfile {
    let room = JPEGSegmentName.maxContent - JPEGSegmentName.iccProfile.count - 2
    let count = max(1, (profile.count + room - 1) / room)
    guard count <= 255 else {
      throw .notWritable(
        .jpeg, detail: "ICC profile of \(profile.count) bytes does not fit in 255 segments")
    }
    for part in 0..<count {
      append(
        JPEGSegmentName.app2,
        JPEGSegmentName.iccProfile + [UInt8(part + 1), UInt8(count)]
          + profile[part * room..<min((part + 1) * room, profile.count)])
    }
  }
  return segments
}
