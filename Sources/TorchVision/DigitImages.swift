// The images and labels of one half of MNIST, as bytes.

import TorchCore

/// Gray images of one size and their labels.
package struct DigitImages: Sendable {
  package let height, width: Int
  /// count × height × width
  package let pixels: ArraySlice<UInt8>
  package let labels: ArraySlice<UInt8>
  package var count: Int { labels.count }

  /// Reads the training or the test half from a folder.
  /// - Throws: `TorchError` of kind `.data` where the files are damaged or do not belong together.
  package init(folder: String, train: Bool) throws {
    let (imageFile, labelFile): (MNISTFile, MNISTFile) =
      train ? (.trainImages, .trainLabels) : (.testImages, .testLabels)
    guard let imagePath = imageFile.path(in: folder), let labelPath = labelFile.path(in: folder) else {
      throw TorchError(.data, "Dataset not found. You can use download: true to download it")
    }
    try self.init(images: IDX(path: imagePath), labels: IDX(path: labelPath), name: folder)
  }

  package init(images: IDX, labels: IDX, name: String) throws {
    guard images.element == .uint8, images.shape.count == 3, images.shape[1] > 0, images.shape[2] > 0 else {
      throw TorchError(.data, "\(name): images must be bytes of rank 3, got \(images.element) of sizes \(images.shape)")
    }
    guard labels.element == .uint8, labels.shape.count == 1 else {
      throw TorchError(.data, "\(name): labels must be bytes of rank 1, got \(labels.element) of sizes \(labels.shape)")
    }
    guard labels.shape[0] == images.shape[0] else {
      throw TorchError(.data, "\(name): \(images.shape[0]) images but \(labels.shape[0]) labels")
    }
    if let wrong = labels.bytes.first(where: { $0 > 9 }) {
      throw TorchError(.data, "\(name): label \(wrong) is not a digit")
    }
    (height, width) = (images.shape[1], images.shape[2])
    (pixels, self.labels) = (images.bytes, labels.bytes)
  }
}
