// The guide's digit classifier: loads MNIST, trains a convolutional network, tests it after each epoch, saves and
// loads it, and draws what it saw and what it says. With `--seed 0` and the full data set it makes PyTorch's run.

import ArgumentParser
import Foundation
import Torch
import TorchVision

typealias F = nn.functional

/// A convolutional neural network for 28 × 28 gray images.
final class ConvNet: nn.Module, nn.Layer {
  let conv1 = nn.Conv2d(1, 32, 3, stride: 1)  // 1 input channel, 32 output channels, 3x3 kernel
  let conv2 = nn.Conv2d(32, 64, 3, stride: 1)
  let dropout1 = nn.Dropout2d(0.25)
  let dropout2 = nn.Dropout2d(0.5)
  let fc1 = nn.Linear(9216, 128)  // 9216 = 12 * 12 * 64
  let fc2 = nn.Linear(128, 10)

  func forward(_ input: Tensor) -> Tensor {
    // First convolution block
    var x = conv1(input)  // [batch, 32, 26, 26]
    x = F.relu(x)
    x = conv2(x)  // [batch, 64, 24, 24]
    x = F.relu(x)
    x = F.maxPool2d(x, 2)  // [batch, 64, 12, 12]
    x = dropout1(x)

    x = x.flatten(1)  // [batch, 9216]

    // Fully connected layers
    x = fc1(x)  // [batch, 128]
    x = F.relu(x)
    x = dropout2(x)
    x = fc2(x)  // [batch, 10]

    // Log softmax for numerical stability
    return F.logSoftmax(x, dim: 1)
  }
}

struct Program: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mnist", abstract: "Trains the guide's digit classifier on MNIST and draws what it says.")

  @OptionGroup var options: Options

  func run() throws {
    if let seed = options.seed { torch.manualSeed(seed) }
    if let threads = options.threads { torch.setNumThreads(threads) }
    try FileManager.default.createDirectory(atPath: options.out, withIntermediateDirectories: true)
    let log = try CourseLog(path: options.json)
    let source = try findData()
    print("Using device: \(Device.cpu)")

    // Prepare data loaders
    let transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.1307], [0.3081])])
    let trainLoader = try DataLoader(
      MNIST(source: source, train: true, transform: transform), batchSize: options.batchSize, shuffle: true)
    let testLoader = try DataLoader(MNIST(source: source, train: false, transform: transform), batchSize: 1000)

    // Explore the data
    for (images, labels) in trainLoader {
      print("Batch shape: \(images.shape)")
      print("Labels shape: \(labels.shape)")
      print("First few labels: \(labels[..<10])")
      try Pictures.digits(images, labels, to: path("mnist_digits.png"))
      break  // Just look at one batch
    }

    let model = ConvNet()
    print(model)
    let course = Course(
      model: model, optimizer: optim.Adam(model.parameters(), lr: 0.001), trainLoader: trainLoader,
      testLoader: testLoader, log: log)

    // Train and evaluate the model
    var accuracies: [Double] = []
    for epoch in 1...options.epochs {
      try course.train(epoch)
      accuracies.append(try course.test(epoch))
    }
    try Pictures.accuracies(accuracies, to: path("mnist_accuracy.png"))

    // Save the model
    try torch.save(model.stateDict(), to: path("mnist_cnn.pt"))
    print("Model saved to \(path("mnist_cnn.pt"))")

    // Load it into another one
    let loaded = ConvNet()
    try loaded.loadStateDict(torch.load(path("mnist_cnn.pt")).stateDict())
    print("Model loaded successfully!")
    try drawPredictions(loaded, testLoader)
  }

  private func drawPredictions(_ model: ConvNet, _ loader: MNISTLoader) throws {
    model.eval()
    for (images, labels) in loader {
      let (images, labels) = (images[..<10], labels[..<10])
      let predictions = torch.noGrad { model(images).argmax(dim: 1) }
      try Pictures.predictions(images, predictions, labels, to: path("mnist_predictions.png"))
      break
    }
  }

  private func path(_ name: String) -> String { options.out == "." ? name : "\(options.out)/\(name)" }

  private func findData() throws -> MNISTSource {
    let showing = Downloading()
    let source = try MNISTSource.find(directory: options.data) { showing.show($0) }
    showing.finish()
    // On standard error, so that standard output is the guide's.
    FileHandle.standardError.write(Data("\(source)\n".utf8))
    return source
  }
}

Program.main()
