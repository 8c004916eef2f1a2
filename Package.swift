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
      dependencies: [
        "TorchCore", "TorchSerialization", collections, .product(name: "ComplexModule", package: "swift-numerics"),
      ]),

    // The umbrella: `import Torch` is enough.
    .target(
      name: "Torch",
      dependencies: ["TorchCore", "TorchNN", "TorchOptim", "TorchData", "TorchSerialization", "TorchJIT"]),

    // Opt-in libraries, one concern each.
    .target(
      name: "TorchVision",
      dependencies: ["TorchCore", "TorchData", "CZlib", .product(name: "Logging", package: "swift-log")],
      resources: [.copy("Resources/mnist")]),
    .target(name: "TorchPlot", dependencies: ["TorchCore", "CCairo", "CPNG"]),
    .target(
      name: "TorchONNX",
      dependencies: ["TorchJIT", .product(name: "SwiftProtobuf", package: "swift-protobuf")]),
    .target(name: "TorchC", dependencies: ["Torch", "TorchONNX", "CTorch", collections]),
    // Its header.
    .systemLibrary(name: "CTorch"),

    // The framework.
    .target(
      name: "TorchJIT",
      dependencies: [
        "TorchCore", "TorchNN", "TorchSerialization", collections,
        .product(name: "ComplexModule", package: "swift-numerics"),
      ]),
    .target(name: "TorchSerialization", dependencies: ["TorchCore", "CZlib", collections]),
    .target(name: "TorchData", dependencies: ["TorchCore"]),
    .target(name: "TorchOptim", dependencies: ["TorchCore", "TorchNN", collections]),
    .target(name: "TorchNN", dependencies: ["TorchCore", collections]),
    .target(
      name: "TorchCore",
      dependencies: [
        "CTorchKernels", "COneDNNShim", "COpenBLAS", collections,
        .product(name: "ComplexModule", package: "swift-numerics"),
      ]),

    // Native code: vector loops, the oneDNN shim, system libraries.
    .target(
      name: "CTorchKernels",
      // Highway compiles a file once for each instruction set by including it again, by name.
      cxxSettings: [.headerSearchPath(".")],
      linkerSettings: [.linkedLibrary("hwy"), .linkedLibrary("hwy_contrib"), .linkedLibrary("gomp")]),
    .target(name: "COneDNNShim", linkerSettings: [.linkedLibrary("dnnl"), .linkedLibrary("gomp")]),
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

    // Tests mirror Sources.
    .target(name: "TestSupport", dependencies: ["Torch"], path: "Tests/TestSupport"),
    .testTarget(
      name: "TorchCoreTests",
      dependencies: ["TestSupport", "Torch", .product(name: "ComplexModule", package: "swift-numerics")]),
    .testTarget(name: "TorchConformanceTests", dependencies: ["TestSupport", "TorchConformance"]),
    .testTarget(name: "GuideTests", dependencies: ["GuideListings"]),
    .testTarget(name: "TorchNNTests", dependencies: ["TestSupport", "Torch"]),
    .testTarget(name: "TorchOptimTests", dependencies: ["TestSupport", "Torch"]),
    .testTarget(name: "TorchDataTests", dependencies: ["TestSupport", "Torch"]),
    .testTarget(name: "TorchSerializationTests", dependencies: ["TestSupport", "Torch"]),
    .testTarget(name: "TorchJITTests", dependencies: ["TestSupport", "Torch"]),
    .testTarget(name: "TorchONNXTests", dependencies: ["TestSupport", "Torch", "TorchONNX"]),
    .testTarget(name: "ToolTests", dependencies: ["TestSupport", "Torch", "TorchONNX"]),
    .testTarget(name: "TorchCTests", dependencies: ["TestSupport", "TorchC", "CTorch"]),
    .testTarget(name: "TorchVisionTests", dependencies: ["TestSupport", "Torch", "TorchVision"]),
    .testTarget(name: "TorchPlotTests", dependencies: ["TestSupport", "TorchPlot"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)

var collections: Target.Dependency { .product(name: "OrderedCollections", package: "swift-collections") }
