import Foundation
import Testing
import TorchCore
import TorchVision

@Suite struct MNISTTests {
  static let transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.1307], [0.3081])])

  /// One image of 16 × 16 that holds every byte, and one of zeros.
  func everyByte(_ transform: (any Transform)?) throws -> MNIST {
    let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 16, 0, 0, 0, 16]
    let images = try IDX(header + (0...255).map { UInt8($0) } + [UInt8](repeating: 0, count: 256))
    let labels = try IDX([0, 0, 8, 1, 0, 0, 0, 2, 3, 7])
    return try MNIST(images: DigitImages(images: images, labels: labels, name: ""), train: true, transform: transform)
  }

  /// torchvision's float32 results for the 256 bytes: normalized, and ToTensor alone.
  func fixture() throws -> (normalized: [UInt32], raw: [UInt32]) {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Fixtures/vision/totensor-normalize.txt")
    let words = try String(contentsOf: path, encoding: .utf8).split(whereSeparator: \.isWhitespace)
    let bits = words.compactMap { UInt32($0, radix: 16) }
    return (stride(from: 0, to: 512, by: 2).map { bits[$0] }, stride(from: 1, to: 512, by: 2).map { bits[$0] })
  }

  @Test func numbersAreTorchvisionsToTheBit() throws {
    let fixture = try fixture()
    let normalized = try everyByte(Self.transform)
    let raw = try everyByte(transforms.ToTensor())
    #expect(try normalized[0].image.toArray(Float.self).map(\.bitPattern) == fixture.normalized)
    #expect(try raw[0].image.toArray(Float.self).map(\.bitPattern) == fixture.raw)
    // The tensor form, without the table.
    let bytes = try everyByte(nil)[0].image
    #expect(bytes.dtype == .uint8 && Array(bytes.shape) == [16, 16])
    #expect(try Self.transform(bytes).toArray(Float.self).map(\.bitPattern) == fixture.normalized)
  }

  @Test func itemsAndBatchesAgree() throws {
    // A transform that nothing is known about takes the slow way.
    struct Opaque: Transform {
      func callAsFunction(_ image: Tensor) -> Tensor { MNISTTests.transform(image) }
    }
    let source = try MNISTSource.bundled()
    let (fast, slow) = try (
      MNIST(source: source, train: false, transform: Self.transform),
      MNIST(source: source, train: false, transform: Opaque())
    )
    let indices = [5, 0, 1999, 5]
    let (images, labels) = try fast.batch(at: indices)
    let (slowImages, slowLabels) = try slow.batch(at: indices)
    #expect(Array(images.shape) == [4, 1, 28, 28] && images.dtype == .float32)
    #expect(Array(labels.shape) == [4] && labels.dtype == .int64)
    #expect(try images.toArray(Float.self) == slowImages.toArray(Float.self))
    #expect(try labels.toArray(Int.self) == slowLabels.toArray(Int.self))
    #expect(try labels.toArray(Int.self) == indices.map { fast[$0].label })
    #expect(Array(fast[3].image.shape) == [1, 28, 28])
    #expect(throws: TorchError.self) { try fast.batch(at: [2000]) }
    #expect(Array(try fast.batch(at: []).images.shape) == [0, 1, 28, 28])
  }

  @Test func wholeSet() throws {
    let train = try MNIST(source: .bundled(), transform: Self.transform)
    #expect(Array(train.data.shape) == [10000, 28, 28] && train.data.dtype == .uint8)
    #expect(Array(train.targets.shape) == [10000] && train.targets.dtype == .int64)
    #expect(train.description == "Dataset MNIST\n    Number of datapoints: 10000\n    Split: Train")
    #expect(throws: TorchError.self) { try MNIST(root: "/no/such/folder") }
  }

  @Test func refusedImages() throws {
    let normalize = transforms.Normalize([0.5], [0.5])
    func message(_ body: () -> Tensor) -> String? {
      #expect(throws: TorchError.self) { try withErrors(body) }?.message
    }
    #expect(
      message { normalize(Tensor.zeros(1, 2, 2, dtype: .uint8)) }
        == "Input tensor should be a float tensor. Got torch.uint8.")
    #expect(
      message { normalize(Tensor.zeros(2, 2)) }
        == "Expected tensor to be a tensor image of size (..., C, H, W). Got tensor.size() = torch.Size([2, 2])")
    #expect(
      message { transforms.Normalize([0], [0])(Tensor.zeros(1, 2, 2)) }
        == "std evaluated to zero after conversion to torch.float32, leading to division by zero.")
    #expect(message { transforms.ToTensor()(Tensor.zeros(2)) } == "pic should be 2/3 dimensional. Got 1 dimensions.")
  }
}
