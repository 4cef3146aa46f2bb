import Foundation
import Testing

@testable import GQPixelIO

@Suite struct FileTests {
  /// Runs `body` with a directory of its own.
  private func withDirectory(_ body: (_ path: String) throws -> Void) throws {
    let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    try body(url.path())
  }

  private func names(in directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
  }

  @Test(arguments: [0, 1, 100_000])
  func roundTrip(count: Int) throws {
    try withDirectory { directory in
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let path = directory + "/file"
      try AtomicFile.write(bytes, to: path, overwrite: false)
      #expect(try FileReader.read(path, maxBytes: count) == bytes)
      #expect(try names(in: directory) == ["file"])
      if count > 0 {
        #expect(throws: FileError.tooLarge(path: path, maxBytes: count - 1)) {
          try FileReader.read(path, maxBytes: count - 1)
        }
      }
    }
  }

  @Test func keepsAnExistingFile() throws {
    try withDirectory { directory in
      let path = directory + "/file"
      try AtomicFile.write([1], to: path, overwrite: false)
      let error = FileError.alreadyExists(path: path)
      #expect(throws: error) { try AtomicFile.write([2], to: path, overwrite: false) }
      #expect(error.description == "\(path) exists already")
      #expect(try FileReader.read(path, maxBytes: 10) == [1])
      try AtomicFile.write([3, 4], to: path, overwrite: true)
      #expect(try FileReader.read(path, maxBytes: 10) == [3, 4])
      #expect(try names(in: directory) == ["file"])
    }
  }

  @Test func neverReplacesByRename() throws {
    try withDirectory { directory in
      // A dangling link is not a file yet, but its name is taken.
      let path = directory + "/link"
      try FileManager.default.createSymbolicLink(
        atPath: path, withDestinationPath: directory + "/nowhere")
      #expect(throws: FileError.linkToNothing(path: path)) {
        try AtomicFile.write([1], to: path, overwrite: false)
      }
      #expect(try names(in: directory) == ["link"])
    }
  }

  @Test func replacesTheFileBehindALink() throws {
    try withDirectory { directory in
      let (path, link) = (directory + "/file", directory + "/link")
      try AtomicFile.write([1], to: path, overwrite: false)
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
      try AtomicFile.write([2], to: link, overwrite: true)
      #expect(try FileReader.read(path, maxBytes: 10) == [2])
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == path)
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
      #expect(try names(in: directory) == ["file", "link"])
    }
  }

  @Test func saysWhatWentWrong() throws {
    try withDirectory { directory in
      let path = directory + "/missing/file"
      let error = FileError.system(.create, path: path, code: ENOENT)
      #expect(throws: error) { try AtomicFile.write([1], to: path, overwrite: false) }
      #expect(error.description == "cannot create \(path): No such file or directory")
      #expect(throws: FileError.system(.open, path: path, code: ENOENT)) {
        try FileReader.read(path, maxBytes: 10)
      }
      #expect(throws: FileError.system(.create, path: directory, code: EISDIR)) {
        try AtomicFile.write([1], to: directory, overwrite: true)
      }
      #expect(throws: FileError.system(.read, path: directory, code: EISDIR)) {
        try FileReader.read(directory, maxBytes: 10)
      }
      #expect(throws: FileError.system(.create, path: "a\0b", code: EINVAL)) {
        try AtomicFile.write([1], to: "a\0b", overwrite: true)
      }
      let left = try names(in: directory)
      #expect(left.isEmpty)
    }
  }

  @Test(.enabled(if: geteuid() != 0, "root may write anywhere"))
  func readOnlyDirectory() throws {
    try withDirectory { directory in
      try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: directory)
      let path = directory + "/file"
      #expect(throws: FileError.system(.create, path: path, code: EACCES)) {
        try AtomicFile.write([1], to: path, overwrite: true)
      }
    }
  }

  @Test func devicesAreWrittenNotReplaced() throws {
    try AtomicFile.write([1, 2, 3], to: "/dev/null", overwrite: true)
    let attributes = try FileManager.default.attributesOfItem(atPath: "/dev/null")
    #expect(attributes[.type] as? FileAttributeType == .typeCharacterSpecial)
    #expect(try FileReader.read("/dev/null", maxBytes: 10) == [])
    #expect(throws: FileError.tooLarge(path: "/dev/zero", maxBytes: 100_000)) {
      try FileReader.read("/dev/zero", maxBytes: 100_000)
    }
  }

  @Test func fullDeviceIsAnError() throws {
    #expect(throws: FileError.system(.write, path: "/dev/full", code: ENOSPC)) {
      try AtomicFile.write([1], to: "/dev/full", overwrite: true)
    }
  }

  @Test func concurrentWritersMakeOneFile() async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let path = directory.path() + "/file"
    let winners = await withTaskGroup(of: Int.self) { group in
      for value in 0..<16 {
        group.addTask {
          let bytes = [UInt8](repeating: UInt8(value), count: 1000)
          return (try? AtomicFile.write(bytes, to: path, overwrite: false)) == nil ? 0 : 1
        }
      }
      return await group.reduce(0, +)
    }
    #expect(winners == 1)
    #expect(Set(try FileReader.read(path, maxBytes: 1000)).count == 1)
    #expect(try names(in: directory.path()) == ["file"])
  }
}
