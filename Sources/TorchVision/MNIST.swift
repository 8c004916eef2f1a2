// The MNIST dataset of handwritten digits, as torchvision.datasets.MNIST.
//
// Departures: without a transform an image is a byte tensor (torchvision: a PIL image); `init(source:)` takes what
// `MNISTSource.find` found, the bundled subset included.
// Reference: https://pytorch.org/vision/stable/generated/torchvision.datasets.MNIST.html

import TorchCore
import TorchData

/// 60000 training and 10000 test images of handwritten digits, 28 × 28 gray bytes.
///
/// ```swift
/// let transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.1307], [0.3081])])
/// let train = try MNIST(root: "./data", train: true, download: true, transform: transform)
/// let (image, label) = train[0]
/// print(train.count, image.shape, label)   // 60000 torch.Size([1, 28, 28]) 5
/// ```
public struct MNIST: Sendable {
  public static let classes = [
    "0 - zero", "1 - one", "2 - two", "3 - three", "4 - four", "5 - five", "6 - six", "7 - seven", "8 - eight",
    "9 - nine",
  ]

  /// Whether this is the training half.
  public let train: Bool
  /// All images: uint8, `(count, 28, 28)`.
  public let data: Tensor
  /// All labels: int64, `(count,)`.
  public let targets: Tensor
  public let transform: (any Transform)?
  private let labels: [UInt8]
  private let table: PixelTable?

  /// MNIST from `root/MNIST/raw` (or the files directly in `root`).
  ///
  /// - Parameter download: Fetches the files that are missing there, with checksums, resuming a broken download.
  /// - Throws: `TorchError` of kind `.data` where the files are missing or damaged, `.io` where no mirror answers.
  public init(
    root: String, train: Bool = true, download: Bool = false, transform: (any Transform)? = nil,
    progress: @escaping @Sendable (DownloadProgress) -> Void = { _ in }
  ) throws {
    let raw = root + "/MNIST/raw"
    if download && MNISTSource.folder(in: root) == nil {
      var download = MNISTDownload(folder: raw)
      download.progress = progress
      try download.run()
    }
    let folder = MNISTSource.folder(in: root) ?? raw
    try self.init(images: DigitImages(folder: folder, train: train), train: train, transform: transform)
  }

  /// MNIST from where `MNISTSource.find` found it.
  public init(source: MNISTSource, train: Bool = true, transform: (any Transform)? = nil) throws {
    try self.init(images: DigitImages(folder: source.folder, train: train), train: train, transform: transform)
  }

  package init(images: DigitImages, train: Bool, transform: (any Transform)? = nil) throws {
    self.train = train
    self.transform = transform
    labels = Array(images.labels)
    table = PixelTable(transform)
    targets = try Tensor.from(labels.map(Int64.init), shape: [images.count])
    let data = Tensor.empty([images.count, images.height, images.width], dtype: .uint8)
    images.pixels.withUnsafeBytes { pixels in
      if let first = pixels.baseAddress { data.storage.pointer.copyMemory(from: first, byteCount: pixels.count) }
    }
    self.data = data
  }

  public var count: Int { labels.count }

  /// The image, transformed, and the label with this number.
  public subscript(index: Int) -> (image: Tensor, label: Int) {
    precondition(labels.indices.contains(index), "index \(index) is out of bounds for dataset with size \(count)")
    let label = Int(labels[index])
    guard table == nil else { return (gathered([index]).squeeze(0), label) }
    let image = data.select(0, index)
    return (transform.map { $0(image) } ?? image, label)
  }

  /// The images with these numbers stacked, and their labels: what collating the items one by one gives, in one pass.
  public func batch(at indices: [Int]) throws -> (images: Tensor, labels: Tensor) {
    if let outside = indices.first(where: { !labels.indices.contains($0) }) {
      throw TorchError(.index, "index \(outside) is out of bounds for dataset with size \(count)")
    }
    let targets = try Tensor.from(indices.map { Int64(labels[$0]) }, shape: [indices.count])
    guard table == nil else { return (gathered(indices), targets) }
    return (torch.stack(indices.map { self[$0].image }), targets)
  }

  private func gathered(_ indices: [Int]) -> Tensor {
    let (height, width) = (data.shape[1], data.shape[2])
    let images = Tensor.empty([indices.count, 1, height, width], dtype: .float32)
    guard let table, images.isValid, !indices.isEmpty else { return images }
    table.gather(
      indices, from: UnsafePointer(data.storage.pointer.assumingMemoryBound(to: UInt8.self)), size: height * width,
      into: images.storage.pointer.assumingMemoryBound(to: Float.self))
    return images
  }
}

extension MNIST: BatchDataset {}

extension MNIST: CustomStringConvertible {
  public var description: String {
    "Dataset MNIST\n    Number of datapoints: \(count)\n    Split: \(train ? "Train" : "Test")"
  }
}
