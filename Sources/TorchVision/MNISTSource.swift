// Where the four files of MNIST come from: a folder of the user's, a downloaded copy, or the subset in this package.

import Foundation
import TorchCore

/// A folder with the files of MNIST, and how it was found.
public struct MNISTSource: Sendable, CustomStringConvertible {
  public enum Origin: Sendable, Equatable {
    /// A folder that the caller named.
    case given
    /// A copy that was downloaded, now or earlier.
    case downloaded
    /// The subset that comes with this package, and why nothing better was there.
    case bundled(reason: String)
  }

  public let origin: Origin
  /// The folder that holds the files.
  public let folder: String

  /// One line for the user.
  public var description: String {
    switch origin {
    case .given: "MNIST from \(folder)"
    case .downloaded: "MNIST from \(folder) (downloaded copy)"
    case .bundled(let reason):
      "Using the bundled subset of MNIST (10000 training and 2000 test images): \(reason)"
    }
  }

  /// Finds MNIST: in `directory` where one is given, else a downloaded copy (`./data` or the user's cache), else it
  /// downloads one into the cache, else it takes the subset that comes with this package.
  ///
  /// - Parameters:
  ///   - directory: A folder with the four files, gzipped or not, directly or in `MNIST/raw`.
  ///   - download: Whether the network may be used.
  /// - Throws: `TorchError` of kind `.data` where `directory` has no MNIST.
  public static func find(
    directory: String? = nil, download: Bool = true,
    progress: @escaping @Sendable (DownloadProgress) -> Void = { _ in }
  ) throws -> MNISTSource {
    if let directory {
      guard let folder = folder(in: directory) else {
        let files = MNISTFile.allCases.map(\.rawValue).joined(separator: ", ")
        throw TorchError(
          .data, "no MNIST in '\(directory)': it needs \(files), each plain or with .gz, there or in MNIST/raw")
      }
      return MNISTSource(origin: .given, folder: folder)
    }
    for place in ["./data", cacheFolder] {
      if let folder = folder(in: place) { return MNISTSource(origin: .downloaded, folder: folder) }
    }
    guard download else { return try bundled(reason: "no downloaded copy") }
    do {
      var download = MNISTDownload(folder: cacheFolder)
      download.progress = progress
      try download.run()
      return MNISTSource(origin: .downloaded, folder: cacheFolder)
    } catch let error as TorchError {
      let cause = error.kind == .io ? "no mirror of it can be reached" : "its mirrors send damaged files"
      return try bundled(reason: "there is no full set here and \(cause)")
    }
  }

  /// The subset that comes with this package: 10000 training and 2000 test images, under CC BY-SA 3.0.
  public static func bundled(reason: String = "asked for") throws -> MNISTSource {
    // SwiftPM puts the module's resources beside the program. `Bundle.module` would end the program where they are
    // missing, after a program was copied elsewhere for instance.
    let name = "swift-torch_TorchVision.resources/mnist"
    let program = URL(fileURLWithPath: CommandLine.arguments.first ?? "").deletingLastPathComponent().path
    for place in [Bundle.main.bundlePath, Bundle.main.resourcePath ?? "", program] {
      if let folder = folder(in: "\(place)/\(name)") {
        return MNISTSource(origin: .bundled(reason: reason), folder: folder)
      }
    }
    throw TorchError(.data, "the bundled subset of MNIST is not beside the program (\(name)); \(reason)")
  }

  /// `directory` or the folder in it where torchvision keeps the files; nil where one of the four is missing.
  package static func folder(in directory: String) -> String? {
    [directory, directory + "/MNIST/raw", directory + "/raw"].first { folder in
      MNISTFile.allCases.allSatisfy { $0.path(in: folder) != nil }
    }
  }

  /// Where downloads are kept.
  static var cacheFolder: String {
    let environment = ProcessInfo.processInfo.environment
    let base = environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory() + "/.cache"
    return base + "/swift-torch/mnist"
  }
}

/// The four files of MNIST.
package enum MNISTFile: String, CaseIterable, Sendable {
  case trainImages = "train-images-idx3-ubyte"
  case trainLabels = "train-labels-idx1-ubyte"
  case testImages = "t10k-images-idx3-ubyte"
  case testLabels = "t10k-labels-idx1-ubyte"

  /// The file in `folder`, plain or gzipped.
  package func path(in folder: String) -> String? {
    ["\(folder)/\(rawValue)", "\(folder)/\(rawValue).gz"].first(where: File.exists)
  }

  /// SHA-256 of the contents, not of the gzip file around them: whoever compressed them again is welcome.
  package var sha256: String {
    switch self {
    case .trainImages: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
    case .trainLabels: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
    case .testImages: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
    case .testLabels: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
    }
  }
}
