// swift-tools-version: 6.2
import PackageDescription

// A package of its own because the sanitizers' flags apply to all targets: see run.sh.
let package = Package(
  name: "Fuzz",
  dependencies: [.package(name: "gqimg", path: "..", traits: [])],
  targets: [
    .executableTarget(
      name: "Fuzz", dependencies: [.product(name: "GQCodec", package: "gqimg")])
  ],
  swiftLanguageModes: [.v6]
)
