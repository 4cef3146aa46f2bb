import Foundation
import GQPixelIO

/// What was measured so far, in a folder: for each measurement a JSON file and the coded picture.
///
/// Files appear whole, so a run that was stopped goes on where it was. Whatever cannot be read is measured anew.
package struct MeasurementStore: Sendable {
  /// A measurement, or that there is none.
  enum Outcome: Sendable, Equatable {
    case measured(Measurement)
    /// Not even the smallest file is so small.
    case unreachable
  }

  private struct Record: Codable {
    let key: MeasurementKey
    /// nil when no file is so small.
    let measurement: Measurement?
  }

  private let folder: String
  private let isFresh: Bool

  /// Opens or makes a store.
  ///
  /// - Parameters:
  ///   - folder: where it is.
  ///   - isFresh: whether measurements that are there do not count.
  package init(folder: String, isFresh: Bool) throws {
    self.folder = folder
    self.isFresh = isFresh
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  /// What is known under a key; nil when it must be measured.
  func outcome(for key: MeasurementKey) -> Outcome? {
    isFresh ? nil : recorded(for: key)
  }

  /// What is kept under a key, old or new.
  func recorded(for key: MeasurementKey) -> Outcome? {
    guard let record = record(for: key) else { return nil }
    guard let measurement = record.measurement else { return .unreachable }
    // Without its file it would be lost to the pages.
    guard let file = try? file(for: key), file.count == measurement.bytes else { return nil }
    return .measured(measurement)
  }

  /// The coded picture of a measurement.
  func file(for key: MeasurementKey) throws -> [UInt8] {
    try FileReader.read("\(folder)/\(try key.fileName()).bin", maxBytes: maximumFileBytes)
  }

  /// Keeps a measurement and its file.
  func keep(_ measurement: Measurement, file: [UInt8], for key: MeasurementKey) throws {
    try AtomicFile.write(file, to: "\(folder)/\(try key.fileName()).bin", overwrite: true)
    try keep(measurement, for: key)
  }

  /// Keeps a measurement whose file is kept already.
  func keep(_ measurement: Measurement, for key: MeasurementKey) throws {
    try write(Record(key: key, measurement: measurement))
  }

  /// Keeps that there is no such file.
  func keepUnreachable(_ key: MeasurementKey) throws {
    try write(Record(key: key, measurement: nil))
  }

  private func record(for key: MeasurementKey) -> Record? {
    guard let name = try? key.fileName(),
      let bytes = try? FileReader.read("\(folder)/\(name).json", maxBytes: 1 << 20),
      let record = try? JSONDecoder().decode(Record.self, from: Data(bytes)), record.key == key
    else { return nil }
    return record
  }

  private func write(_ record: Record) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.write(
      Array(try encoder.encode(record)), to: "\(folder)/\(try record.key.fileName()).json",
      overwrite: true)
  }
}
