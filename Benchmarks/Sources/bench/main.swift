// Times one case and prints a JSON object; run.py runs this and bench.py, its PyTorch twin, in turn.

import ArgumentParser
import Dispatch
import Foundation
import Torch
import TorchVision

typealias F = nn.functional

final class ConvNet: nn.Module, nn.Layer {
  let conv1 = nn.Conv2d(1, 32, 3)
  let conv2 = nn.Conv2d(32, 64, 3)
  let dropout1 = nn.Dropout2d(0.25)
  let dropout2 = nn.Dropout2d(0.5)
  let fc1 = nn.Linear(9216, 128)
  let fc2 = nn.Linear(128, 10)

  func forward(_ input: Tensor) -> Tensor {
    var x = F.relu(conv1(input))
    x = F.maxPool2d(F.relu(conv2(x)), 2)
    x = dropout1(x).flatten(1)
    x = dropout2(F.relu(fc1(x)))
    return F.logSoftmax(fc2(x), dim: 1)
  }
}

struct Bench: ParsableCommand {
  @Argument(help: "step, eval, epoch, adds, addsGrad, lstm, lstmStep, encoder, script, scriptEager, first, or a network: resnet, resnetScript, resnetOptimized, mobilenet, …") var name: String
  @Option(help: "Folder with the four files of MNIST; the bundled subset without it.") var data: String?
  @Option var threads = 2

  func run() throws {
    torch.setNumThreads(threads)
    torch.manualSeed(0)
    let milliseconds: [Double]
    switch name {
    case "step": milliseconds = trainingSteps()
    case "eval": milliseconds = evaluation()
    case "epoch": milliseconds = try epoch()
    case "adds": milliseconds = additions(requiresGrad: false)
    case "addsGrad": milliseconds = additions(requiresGrad: true)
    case "lstm", "lstmStep": milliseconds = recurrent(trains: name == "lstmStep")
    case "encoder": milliseconds = encoder()
    case "script": milliseconds = try interpreted()
    case "scriptEager": milliseconds = eager()
    case "first":
      print((Tensor([1.0, 2.0]) + 1).sum())
      milliseconds = [0]
    case "resnet", "resnetScript", "resnetOptimized": milliseconds = try inference(Networks.resnet18(), name)
    case "mobilenet", "mobilenetScript", "mobilenetOptimized": milliseconds = try inference(Networks.mobilenet(), name)
    default: throw ValidationError("no case '\(name)'")
    }
    let figures = milliseconds.map { String(format: "%.6f", $0) }.joined(separator: ", ")
    print("{\"case\": \"\(name)\", \"milliseconds\": [\(figures)]}")
  }

  private func time(_ repeats: Int, warmup: Int = 5, _ body: () -> Void) -> [Double] {
    for _ in 0..<warmup { body() }
    return (0..<repeats).map { _ in
      let start = DispatchTime.now().uptimeNanoseconds
      body()
      return Double(DispatchTime.now().uptimeNanoseconds - start) / 1e6
    }
  }

  /// One step of the guide's training at batch 64, on one batch of noise.
  private func trainingSteps() -> [Double] {
    let model = ConvNet()
    let optimizer = optim.Adam(model.parameters(), lr: 0.001)
    let (x, target) = (torch.randn(64, 1, 28, 28), torch.randint(0, 10, [64]))
    return time(60, warmup: 10) {
      optimizer.zeroGrad()
      let loss = F.nllLoss(model(x), target)
      loss.backward()
      optimizer.step()
      _ = try? loss.item()
    }
  }

  /// The model over 10,000 images in batches of 1000.
  private func evaluation() -> [Double] {
    let model = ConvNet()
    model.eval()
    let x = torch.randn(1000, 1, 28, 28)
    return time(3, warmup: 1) {
      torch.noGrad { for _ in 0..<10 { _ = try? model(x).argmax(dim: 1).sum().item() } }
    }
  }

  /// A whole epoch of the guide's program with its data loading.
  private func epoch() throws -> [Double] {
    let source = try data.map { try MNISTSource.find(directory: $0, download: false) { _ in } } ?? MNISTSource.bundled()
    let transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.1307], [0.3081])])
    let loader = try DataLoader(MNIST(source: source, train: true, transform: transform), batchSize: 64, shuffle: true)
    let model = ConvNet()
    let optimizer = optim.Adam(model.parameters(), lr: 0.001)
    return time(1, warmup: 0) {
      for (x, target) in loader {
        optimizer.zeroGrad()
        let loss = F.nllLoss(model(x), target)
        loss.backward()
        optimizer.step()
      }
    }
  }

  private func additions(requiresGrad: Bool) -> [Double] {
    let a = Tensor.ones(10, requiresGrad: requiresGrad)
    return time(200, warmup: 20) {
      var b = a
      for _ in 0..<1000 { b = b + a }
    }
  }

  /// An LSTM of two layers over 32 sequences of 50 steps.
  private func recurrent(trains: Bool) -> [Double] {
    let model = nn.LSTM(128, 256, numLayers: 2)
    let x = torch.randn(50, 32, 128)
    return time(30) {
      guard trains else { return torch.noGrad { _ = model(x) } }
      model.zeroGrad()
      model(x).output.sum().backward()
    }
  }

  /// Six layers of a transformer's encoder over 8 sequences of 64 steps.
  private func encoder() -> [Double] {
    let model = nn.TransformerEncoder(nn.TransformerEncoderLayer(256, 4, dimFeedforward: 1024, batchFirst: true), 6)
    model.eval()
    let x = torch.randn(8, 64, 256)
    return time(30) { _ = torch.inferenceMode { model(x) } }
  }

  /// A network on one image: as it is, traced, and optimized for inference.
  private func inference(_ model: nn.Sequential, _ name: String) throws -> [Double] {
    model.eval()
    let x = torch.randn(1, 3, 224, 224)
    guard name.hasSuffix("Script") || name.hasSuffix("Optimized") else {
      return time(30) { _ = torch.inferenceMode { model(x) } }
    }
    let traced = try JIT.trace(model, x, dynamicSizes: .batch)
    let module = try name.hasSuffix("Optimized") ? JIT.optimizeForInference(traced) : traced
    return time(30) { _ = torch.inferenceMode { module(x) } }
  }

  /// 250 rounds of four operators by the interpreter of TorchScript: with `eager`, what it adds to an operator.
  private func interpreted() throws -> [Double] {
    let graph = try JIT.Graph(
      parsing: """
        graph(%n : int, %x : Tensor):
          %yes : bool = prim::Constant[value=1]()
          %1 : int = prim::Constant[value=1]()
          %m : int = prim::Constant[value=-1]()
          %none : NoneType = prim::Constant()
          %r : Tensor = prim::Loop(%n, %yes, %x)
            block0(%i : int, %a : Tensor):
              %b : Tensor = aten::mul(%a, %x)
              %c : Tensor = aten::relu(%b)
              %d : Tensor = aten::softmax(%c, %m, %none)
              %e : Tensor = aten::sigmoid(%d)
              -> (%yes, %e)
          return (%r)
        """)
    let function = JIT.Function("f", JIT.Signature([.init("n", .int), .init("x", .tensor)], returns: [.tensor]), graph: graph)
    let x = Tensor.ones(10)
    return time(200, warmup: 20) { _ = try! function.call([.int(250), .tensor(x)]) }
  }

  private func eager() -> [Double] {
    let x = Tensor.ones(10)
    return time(200, warmup: 20) {
      var a = x
      for _ in 0..<250 { a = F.softmax((a * x).relu(), dim: -1).sigmoid() }
    }
  }
}

Bench.main()
