// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "roundtrip",
  dependencies: [.package(name: "gqimg", path: "../..", traits: [])],
  targets: [
    .executableTarget(
      name: "roundtrip",
      dependencies: [
        .product(name: "GQCodec", package: "gqimg"),
        .product(name: "GaussianQuant", package: "gqimg"),
      ])
  ])
