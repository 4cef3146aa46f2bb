// swift-tools-version: 6.2
import PackageDescription

// Dependencies run one way:
//   GaussianQuant            the quantizer, a library of its own
//   GQBitstream <- GQModel <- GQCodec <- { GQPixelIO, GQMetrics } <- GQReport <- gqimg
// Module names have the prefix GQ, since plain ones collide in larger package graphs; folders do not.

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

// For `make wheel`: the C library alone, whose weights lie beside it.
let isForWheel = Context.environment["GQIMG_WHEEL"] != nil

let package = Package(
  name: "gqimg",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "GaussianQuant", targets: ["GaussianQuant"]),
    .library(name: "GQCodec", targets: ["GQBitstream", "GQModel", "GQCodec", "GQPixelIO"]),
    // For C and all that can call it: include/gqimg.h.
    .library(name: "gqimgc", type: .dynamic, targets: ["GQCInterface"]),
    .executable(name: "gqimg", targets: ["gqimg"]),
  ],
  // The program and the report, and what they alone need. Packages that depend on the libraries say `traits: []`, and
  // resolve nothing else.
  traits: [
    .default(enabledTraits: ["Program"]),
    .trait(name: "Program", description: "The program gqimg and what it needs"),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // What is hot, for every kind of processor.
    .target(name: "CGQKernels", path: "Sources/CKernels"),

    // The quantizer.
    .target(name: "GaussianQuant", dependencies: ["CGQKernels"], swiftSettings: strict),

    // The file format: bytes only, no network, no pixels.
    .target(name: "CGQSHA256", path: "Sources/CSHA256"),
    .target(
      name: "GQBitstream", dependencies: ["CGQSHA256"], path: "Sources/Bitstream",
      swiftSettings: strict),

    // The network: weights and layers.
    .target(name: "CGQLibraryLocation", path: "Sources/CLibraryLocation"),
    .target(
      name: "GQModel", dependencies: ["GQBitstream", "CGQKernels", "CGQLibraryLocation"],
      path: "Sources/Model",
      exclude: isForWheel ? ["Resources"] : [],
      resources: isForWheel ? [] : [.copy("Resources")], swiftSettings: strict),

    // Pixels to file and back. libwebp codes what is graphics, and reads and writes WebP files.
    .systemLibrary(
      name: "CGQWebP", path: "Sources/CWebP", pkgConfig: "libwebpmux",
      providers: [.apt(["libwebp-dev"])]),
    .target(
      name: "GQCodec",
      dependencies: ["GQBitstream", "CGQKernels", "CGQWebP", "GaussianQuant", "GQModel"],
      path: "Sources/Codec", swiftSettings: strict),

    // Pictures on disk, and how to compare them.
    .systemLibrary(
      name: "CGQPNG", path: "Sources/CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(
      name: "CGQJPEG", path: "Sources/CJPEG", pkgConfig: "libjpeg",
      providers: [.apt(["libjpeg-dev"])]),
    .target(
      name: "CGQPixelIO", dependencies: ["CGQPNG", "CGQJPEG", "CGQWebP"], path: "Sources/CPixelIO"),
    .target(
      name: "GQPixelIO", dependencies: ["GQBitstream", "GQCodec", "CGQPixelIO"],
      path: "Sources/PixelIO",
      swiftSettings: strict),
    .target(
      name: "GQMetrics", dependencies: ["GQCodec"], path: "Sources/Metrics", swiftSettings: strict),

    // This codec beside others: measurements and the pages that show them.
    .target(
      name: "GQReport",
      dependencies: ["GQBitstream", "GQCodec", "GQModel", "GQPixelIO", "GQMetrics"],
      path: "Sources/Report",
      // In the program itself, so that it needs no folder beside it.
      resources: [
        .embedInCode("Resources/page.css"), .embedInCode("Resources/common.js"),
        .embedInCode("Resources/chart.js"), .embedInCode("Resources/savings.js"),
        .embedInCode("Resources/viewer.js"), .embedInCode("Resources/numbers.js"),
        .embedInCode("Resources/codecs.py"),
      ],
      swiftSettings: strict),

    // The codec for C.
    .systemLibrary(name: "CGQImg", path: "include"),
    .target(
      name: "GQCInterface",
      dependencies: [
        "CGQImg", "CGQLibraryLocation", "GQBitstream", "GQCodec", "GaussianQuant", "GQModel",
      ],
      path: "Sources/CInterface", swiftSettings: strict),

    // The program.
    .target(name: "CGQProcessMemory", path: "Sources/CProcessMemory"),
    .executableTarget(
      name: "gqimg",
      dependencies: [
        "CGQImg", "CGQProcessMemory", "GQCodec", "GQModel", "GQPixelIO", "GQMetrics", "GQReport",
        .product(
          name: "ArgumentParser", package: "swift-argument-parser",
          condition: .when(traits: ["Program"])),
      ],
      swiftSettings: strict),

    // What tests of instruction sets share.
    .target(
      name: "InstructionSets", dependencies: ["CGQKernels"], path: "Tests/InstructionSets",
      swiftSettings: strict),
    .testTarget(
      name: "KernelTests", dependencies: ["CGQKernels", "InstructionSets"], swiftSettings: strict),
    .testTarget(
      name: "GaussianQuantTests", dependencies: ["CGQKernels", "GaussianQuant", "InstructionSets"],
      resources: [.copy("Golden")], swiftSettings: strict),
    .testTarget(
      name: "BitstreamTests", dependencies: ["GQBitstream", "CGQSHA256"], swiftSettings: strict),
    .testTarget(
      name: "ModelTests", dependencies: ["CGQKernels", "GQModel", "InstructionSets"],
      resources: [.copy("Golden")],
      swiftSettings: strict),
    .testTarget(
      name: "CodecTests", dependencies: ["GQCodec", "GQPixelIO", "GQMetrics", "InstructionSets"],
      swiftSettings: strict),
    .testTarget(
      name: "PixelIOTests", dependencies: ["GQBitstream", "GQCodec", "GQPixelIO"],
      swiftSettings: strict),
    .testTarget(
      name: "MetricsTests", dependencies: ["GQMetrics"],
      exclude: ["golden.json", "make_golden.py"],
      swiftSettings: strict),
    .testTarget(
      name: "ReportTests", dependencies: ["GQReport", "GQCodec", "GQPixelIO", "GQMetrics"],
      exclude: ["savings.json", "make_savings.py"],
      swiftSettings: strict),
    .testTarget(
      name: "CommandLineTests", dependencies: ["gqimg", "GQPixelIO", "GQMetrics", "GQReport"],
      exclude: ["Browser"],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)

// Only for `make fuzz`: the sanitizers' flags apply to all targets, so it has a build folder of its own.
if Context.environment["GQIMG_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "Fuzz", dependencies: ["GQBitstream", "GQCodec", "GQModel", "GQPixelIO"],
      path: "Fuzz/Sources/Fuzz", swiftSettings: strict))
}

// Only for `make docs`: whoever builds on this package does not get the plugin.
if Context.environment["GQIMG_DOCUMENTATION"] != nil {
  package.dependencies.append(
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.4.0"))
}
