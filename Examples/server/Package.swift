// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "server",
  dependencies: [
    .package(name: "gqimg", path: "../..", traits: []),
    .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
    .package(url: "https://github.com/apple/swift-metrics.git", from: "2.5.0"),
  ],
  targets: [
    .target(
      name: "Server",
      dependencies: [
        .product(name: "GQCodec", package: "gqimg"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Metrics", package: "swift-metrics"),
      ],
      path: "Sources/server"),
    .testTarget(
      name: "ServerTests",
      dependencies: [
        "Server", .product(name: "HummingbirdTesting", package: "hummingbird"),
      ]),
  ])
