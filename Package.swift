// swift-tools-version: 6.2
import PackageDescription

// One target per concern; an arrow goes only downwards in this list (see Docs/Architecture.md).
let package = Package(
  name: "swift-torch",
  products: [
    .library(name: "Torch", targets: ["Torch"]),
    .library(name: "TorchVision", targets: ["TorchVision"]),
    .library(name: "TorchPlot", targets: ["TorchPlot"]),
    .library(name: "TorchONNX", targets: ["TorchONNX"]),
    // The small run time of deployed models: TorchJIT and below.
    .library(name: "TorchJIT", targets: ["TorchJIT"]),
    // The C face, for Python and others.
    .library(name: "TorchC", type: .dynamic, targets: ["TorchC"]),
    .executable(name: "swift-torch", targets: ["swift-torch"]),
    .executable(name: "mnist", targets: ["mnist"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.3.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.1.0"),
    .package(url: "https://github.com/apple/swift-numerics", from: "1.0.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.28.0"),
  ],
  targets: [
    // The command-line tool.
    .executableTarget(
      name: "swift-torch",
      dependencies: [
        "Torch", "TorchConformance", "TorchONNX", collections,
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "ComplexModule", package: "swift-numerics"),
      ]),
    // Runs folders of operator cases against the registry.
    .target(
      name: "TorchConformance",
      dependencies: core + [
        "TorchSerialization", collections, .product(name: "ComplexModule", package: "swift-numerics"),
      ]),

    // The umbrella: `import Torch` is enough.
    .target(
      name: "Torch",
      dependencies: [
        "TorchCore", "TorchNN", "TorchOptim", "TorchData", "TorchDistributions", "TorchSerialization", "TorchJIT",
      ]),

    // Opt-in libraries, one concern each.
    .target(
      name: "TorchVision",
      dependencies: core + ["TorchData", "CZlib", .product(name: "Logging", package: "swift-log")],
      resources: [.copy("Resources/mnist")]),
    .target(name: "TorchPlot", dependencies: core + ["CCairo", "CPNG"]),
    .target(
      name: "TorchONNX",
      dependencies: ["TorchONNXModel", "TorchJIT", .product(name: "SwiftProtobuf", package: "swift-protobuf")]),
    // The file format, and the operators that run it.
    .target(
      name: "TorchONNXModel",
      dependencies: [
        "TorchCore", "TorchNN", "TorchSerialization", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]),
    .target(name: "TorchC", dependencies: ["Torch", "TorchONNX", "CTorch", collections]),
    // Its header.
    .systemLibrary(name: "CTorch"),

    // The framework.
    .target(
      name: "TorchJIT",
      dependencies: [
        "TorchScript", "TorchNN", "TorchSerialization", collections,
        .product(name: "ComplexModule", package: "swift-numerics"),
      ]),
    // The language: its compiler and interpreter. It needs no modules, and is compiled beside them.
    .target(
      name: "TorchScript",
      dependencies: core + [collections, .product(name: "ComplexModule", package: "swift-numerics")]),
    .target(name: "TorchSerialization", dependencies: core + ["CZlib", collections]),
    .target(name: "TorchData", dependencies: core),
    .target(name: "TorchDistributions", dependencies: core),
    .target(name: "TorchOptim", dependencies: ["TorchCore", "TorchNN", collections]),
    .target(name: "TorchNN", dependencies: core + [collections]),
    .target(
      name: "TorchCore",
      dependencies: [
        "CTorchKernelHeaders", "COneDNNHeaders", "COpenBLAS", collections,
        .product(name: "ComplexModule", package: "swift-numerics"),
      ]),

    // Native code: vector loops, the oneDNN shim, system libraries. Of the first two the core imports the C headers alone;
    // see `core`.
    .systemLibrary(name: "CTorchKernelHeaders"),
    .target(
      name: "CTorchKernels",
      // Highway compiles a file once for each instruction set by including it again, by name.
      cxxSettings: [.headerSearchPath("."), .headerSearchPath("../CTorchKernelHeaders")],
      linkerSettings: [.linkedLibrary("hwy"), .linkedLibrary("hwy_contrib"), .linkedLibrary("gomp")]),
    .systemLibrary(name: "COneDNNHeaders"),
    .target(
      name: "COneDNNShim", cxxSettings: [.headerSearchPath("../COneDNNHeaders")],
      linkerSettings: [.linkedLibrary("dnnl"), .linkedLibrary("gomp")]),
    .systemLibrary(
      name: "COpenBLAS", providers: [.apt(["libopenblas-openmp-dev", "liblapacke-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CCairo", pkgConfig: "cairo", providers: [.apt(["libcairo2-dev"])]),

    // The guide's programs.
    .executableTarget(
      name: "mnist",
      dependencies: [
        "Torch", "TorchVision", "TorchPlot",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Examples/mnist"),
    .target(name: "GuideListings", dependencies: ["Torch", "TorchONNX"], path: "Examples/guide/Listings"),
    // Runs a deployed model on the small run time alone.
    .executableTarget(name: "mobile", dependencies: ["TorchJIT"], path: "Examples/mobile"),
    .executableTarget(name: "guide", dependencies: ["GuideListings"], path: "Examples/guide/Program"),

    // `make bench`: in this package, so that it shares the one release build.
    .executableTarget(
      name: "bench",
      dependencies: [
        "Torch", "TorchVision", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Benchmarks/Sources/bench"),

    // Tests mirror Sources. They run once: optimizing them would take longer than it saves.
    .target(name: "TestSupport", dependencies: ["Torch"], path: "Tests/TestSupport"),
    .testTarget(
      name: "TorchCoreTests",
      dependencies: ["TestSupport", "Torch", .product(name: "ComplexModule", package: "swift-numerics")],
      swiftSettings: unoptimized),
    .testTarget(
      name: "TorchConformanceTests", dependencies: ["TestSupport", "TorchConformance"], swiftSettings: unoptimized),
    .testTarget(name: "GuideTests", dependencies: ["GuideListings"], swiftSettings: unoptimized),
    .testTarget(name: "TorchNNTests", dependencies: ["TestSupport", "Torch"], swiftSettings: unoptimized),
    .testTarget(name: "TorchOptimTests", dependencies: ["TestSupport", "Torch"], swiftSettings: unoptimized),
    .testTarget(name: "TorchDataTests", dependencies: ["TestSupport", "Torch"], swiftSettings: unoptimized),
    .testTarget(name: "TorchSerializationTests", dependencies: ["TestSupport", "Torch"], swiftSettings: unoptimized),
    .testTarget(name: "TorchJITTests", dependencies: ["TestSupport", "Torch"], swiftSettings: unoptimized),
    .testTarget(
      name: "TorchONNXTests", dependencies: ["TestSupport", "Torch", "TorchONNX"], swiftSettings: unoptimized),
    .testTarget(name: "ToolTests", dependencies: ["TestSupport", "Torch", "TorchONNX"], swiftSettings: unoptimized),
    .testTarget(name: "TorchCTests", dependencies: ["TestSupport", "TorchC", "CTorch"], swiftSettings: unoptimized),
    .testTarget(
      name: "TorchVisionTests", dependencies: ["TestSupport", "Torch", "TorchVision"], swiftSettings: unoptimized),
    .testTarget(name: "TorchPlotTests", dependencies: ["TestSupport", "TorchPlot"], swiftSettings: unoptimized),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)

// The core and what is behind its C headers. The core itself names the headers alone: SwiftPM compiles a target's C++
// dependencies to the end before it begins with the target; like this the two are compiled beside each other. (Of the
// commands that are ready, it takes those last whose targets come first in the alphabet: the C++ of the C… targets.)
var core: [Target.Dependency] { ["TorchCore", "CTorchKernels", "COneDNNShim"] }
var collections: Target.Dependency { .product(name: "OrderedCollections", package: "swift-collections") }
// Test targets only: SwiftPM refuses unsafe flags in what other packages depend on.
var unoptimized: [SwiftSetting] { [.unsafeFlags(["-Onone"])] }
