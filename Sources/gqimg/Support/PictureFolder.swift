import GQPixelIO

/// The files of a folder that are taken, and those that are not.
struct PictureFolder {
  /// Paths from the folder on.
  let names: [String]
  let skipped: SkippedFiles
  let failures: [FileError]

  /// Searches a folder, and folders in it, for files with one of `endings`.
  init(_ path: String, endings: [String]) {
    let contents = Folder.contents(path)
    var skipped = SkippedFiles(folder: path)
    // macOS puts what other file systems cannot hold beside a file, under its name with ._ in front.
    func isResource(_ name: String) -> Bool { SystemPath.name(name).hasPrefix("._") }
    names = contents.files.filter { name in
      let ending = SystemPath.ending(name)
      if isResource(name) {
        skipped.add(name, because: "._ file of macOS, not a picture")
      } else if !endings.contains(ending) {
        skipped.add(name, because: ending.isEmpty ? "without an ending" : ".\(ending)")
      } else {
        return true
      }
      return false
    }
    for name in contents.others { skipped.add(name, because: "no regular file") }
    self.skipped = skipped
    failures = contents.failures
  }
}

/// Files of a folder that are not taken.
struct SkippedFiles {
  let folder: String
  private var files: [(name: String, reason: String)] = []

  init(folder: String) { self.folder = folder }

  var isEmpty: Bool { files.isEmpty }

  mutating func add(_ name: String, because reason: String) { files.append((name, reason)) }

  /// How many there are for each reason, and with `isVerbose` a line for each.
  func text(isVerbose: Bool) -> String {
    let counts = Dictionary(grouping: files, by: \.reason).mapValues(\.count)
    let reasons = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let shown = reasons.prefix(8).map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    var lines = "gqimg: \(folder): \(counted(files.count, "file")) skipped: \(shown)"
    if reasons.count > 8 { lines += ", ..." }
    lines += isVerbose ? "\n" : "; -v lists them\n"
    if isVerbose { for file in files { lines += "  \(file.name): \(file.reason)\n" } }
    return lines
  }
}
