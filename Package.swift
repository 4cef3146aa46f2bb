// swift-tools-version: 6.2
import PackageDescription

// Dependencies run one way:
//   GaussianQuant            the quantizer, a library of its own
//   Bitstream <- Model <- Codec <- { PixelIO, Metrics } <- Report <- gqimg

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "gqimg",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "GaussianQuant", targets: ["GaussianQuant"]),
    .library(name: "GQCodec", targets: ["Bitstream", "Model", "Codec", "PixelIO"]),
    // For C and all that can call it: include/gqimg.h.
    .library(name: "gqimgc", type: .dynamic, targets: ["CInterface"]),
    .executable(name: "gqimg", targets: ["gqimg"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
  ],
  targets: [
    // What is hot, for every kind of processor.
    .target(name: "CKernels"),

    // The quantizer.
    .target(name: "GaussianQuant", dependencies: ["CKernels"], swiftSettings: strict),

    // The file format: bytes only, no network, no pixels.
    .target(name: "CSHA256"),
    .target(name: "Bitstream", dependencies: ["CSHA256"], swiftSettings: strict),

    // The network: weights and layers.
    .target(name: "CLibraryLocation"),
    .target(
      name: "Model",
      dependencies: ["Bitstream", "CKernels", "CLibraryLocation"],
      resources: [.copy("Resources")],
      swiftSettings: strict),

    // Pixels to file and back.
    .target(
      name: "Codec", dependencies: ["Bitstream", "CKernels", "GaussianQuant", "Model"],
      swiftSettings: strict),

    // Pictures on disk, and how to compare them.
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"])]),
    .target(name: "CPixelIO", dependencies: ["CPNG", "CJPEG"]),
    .target(name: "PixelIO", dependencies: ["Codec", "CPixelIO"], swiftSettings: strict),
    .target(name: "Metrics", dependencies: ["Codec"], swiftSettings: strict),

    // This codec beside others: measurements and the pages that show them.
    .target(
      name: "Report",
      dependencies: [
        "Bitstream", "Codec", "Model", "PixelIO", "Metrics",
        .product(name: "Mustache", package: "swift-mustache"),
      ],
      // In the program itself, so that it needs no folder of templates beside it.
      resources: [
        .embedInCode("Resources/curves.mustache"), .embedInCode("Resources/page.mustache"),
        .embedInCode("Resources/page.css"), .embedInCode("Resources/common.js"),
        .embedInCode("Resources/chart.js"), .embedInCode("Resources/savings.js"),
        .embedInCode("Resources/viewer.js"), .embedInCode("Resources/numbers.js"),
      ],
      swiftSettings: strict),

    // The codec for C.
    .systemLibrary(name: "CGQImg", path: "include"),
    .target(
      name: "CInterface", dependencies: ["CGQImg", "Bitstream", "Codec", "GaussianQuant", "Model"],
      swiftSettings: strict),

    // The program.
    .target(name: "CProcessMemory"),
    .executableTarget(
      name: "gqimg",
      dependencies: [
        "CProcessMemory", "Codec", "Model", "PixelIO", "Metrics", "Report",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),

    .testTarget(name: "KernelTests", dependencies: ["CKernels"], swiftSettings: strict),
    .testTarget(
      name: "GaussianQuantTests", dependencies: ["CKernels", "GaussianQuant"],
      resources: [.copy("Golden")], swiftSettings: strict),
    .testTarget(
      name: "BitstreamTests", dependencies: ["Bitstream", "CSHA256"], swiftSettings: strict),
    .testTarget(
      name: "ModelTests", dependencies: ["CKernels", "Model"], resources: [.copy("Golden")],
      swiftSettings: strict),
    .testTarget(
      name: "CodecTests", dependencies: ["CKernels", "Codec", "PixelIO", "Metrics"],
      swiftSettings: strict),
    .testTarget(
      name: "PixelIOTests", dependencies: ["Bitstream", "Codec", "PixelIO"], swiftSettings: strict),
    .testTarget(
      name: "MetricsTests", dependencies: ["Metrics"], exclude: ["golden.json", "make_golden.py"],
      swiftSettings: strict),
    .testTarget(
      name: "ReportTests", dependencies: ["Report", "Codec", "PixelIO", "Metrics"],
      swiftSettings: strict),
    .testTarget(
      name: "CommandLineTests", dependencies: ["gqimg", "PixelIO", "Metrics", "Report"],
      exclude: ["Browser"],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)

// Only for `make docs`: whoever builds on this package does not get the plugin.
if Context.environment["GQIMG_DOCUMENTATION"] != nil {
  package.dependencies.append(
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.4.0"))
}
