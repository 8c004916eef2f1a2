// Whole models, with other axes than the batch dynamic where they can be.

import Foundation
import TestSupport
import Testing
import Torch
import TorchONNX

@Suite struct ModelExportTests {
  @Test(arguments: models) func model(_ model: ExportCase) throws {
    for opset in [17, 20, 21] where opset >= model.since { try model.check(opset: opset) }
  }

  static let models: [ExportCase] = [
    .layer("ResNet", 3, 16, 16, tolerance: 1e-4) { ResNet() },
    .layer("MobileNet", 3, 16, 16, tolerance: 1e-4) { MobileNet() },
    .layer("UNet", 3, 16, 16, tolerance: 1e-4) { UNet() },
    .layer("Classifier", 1, 12, 12, tolerance: 1e-4) { Classifier() },
    .module("LSTMTagger", inputs: { [torch.randint(0, 20, [$0, 7])] }, { LSTMTagger() }) { [$0($1[0])] },
    .module("GRUEncoder", inputs: { [torch.randint(0, 20, [$0, 7])] }, { GRUEncoder() }) { [$0($1[0])] },
    .module(
      "TextClassifier", axes: [0, 0], tolerance: 5e-5,
      inputs: {
        [torch.randint(1, 20, [$0, 6]), Tensor.arange(6).expand([$0, 6]) > 3]
      }, { TextClassifier() }
    ) { [$0(($1[0], $1[1]))] },
    .module("BagOfWords", inputs: { [torch.randint(0, 20, [$0, 5])] }, { BagOfWords() }) { [$0($1[0])] },
  ]

  /// Batch and length both dynamic: other sizes of both.
  @Test func sequenceLengthIsDynamic() throws {
    torch.manualSeed(0)
    let model = TextClassifier().eval()
    let file = TemporaryFile()
    let x = torch.randint(1, 20, [2, 6])
    try ONNX.export(
      model, (x, x .== 3), to: file.path, inputNames: ["tokens", "padding"], outputNames: ["scores"],
      dynamicAxes: [
        "tokens": [0: "batch", 1: "length"], "padding": [0: "batch", 1: "length"], "scores": [0: "batch"],
      ])
    let loaded = try ONNX.load(file.path)
    #expect(loaded.inputs[0].shape == [.named("batch"), .named("length")])
    #expect(loaded.outputs[0].shape == [.named("batch"), .fixed(3)])
    for (batch, length) in [(1, 9), (5, 4)] {
      let x = torch.randint(1, 20, [batch, length])
      let expected = torch.noGrad { model((x, x .== 3)) }
      let actual = loaded(["tokens": x, "padding": x .== 3])["scores"]!
      #expect(actual.shape == expected.shape)
      #expect(try distance(actual, expected.toArray(Double.self)) < 5e-5)
    }
  }

  /// Height and width dynamic, which upsampling takes from the other branch.
  @Test func imageSizeIsDynamic() throws {
    torch.manualSeed(0)
    let model = UNet().eval()
    let file = TemporaryFile()
    try ONNX.export(
      model, torch.randn(1, 3, 16, 16), to: file.path, inputNames: ["x"], outputNames: ["y"],
      dynamicAxes: ["x": [0: "batch", 2: "height", 3: "width"]])
    let loaded = try ONNX.load(file.path)
    for sizes in [[2, 3, 8, 24], [1, 3, 32, 16]] {
      let x = torch.randn(Shape(sizes))
      let expected = torch.noGrad { model(x) }
      let actual = loaded(x)[0]
      #expect(actual.shape == expected.shape)
      #expect(try distance(actual, expected.toArray(Double.self)) < 1e-4)
    }
  }

  /// A file's parameters can be trained.
  @Test func importedModelIsFineTuned() throws {
    torch.manualSeed(0)
    let file = TemporaryFile()
    try ONNX.export(Classifier(), torch.randn(2, 1, 12, 12), to: file.path, dynamicAxes: ["input": [0: "batch"]])
    let model = try ONNX.load(file.path)
    let (x, labels) = (torch.randn(16, 1, 12, 12), torch.randint(0, 10, [16]))
    let optimizer = optim.Adam(model.parameters(), lr: 0.01)
    var losses: [Double] = []
    for _ in 0..<15 {
      optimizer.zeroGrad()
      let loss = nn.functional.crossEntropy(model(x)[0], labels)
      loss.backward()
      #expect(model.parameters().allSatisfy { $0.grad != nil })
      optimizer.step()
      losses.append(try loss.item(Double.self))
    }
    #expect(losses.last! < losses[0] / 2, "\(losses)")
  }
}

/// A path that is removed at the end.
final class TemporaryFile {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).onnx").path
  deinit {
    try? FileManager.default.removeItem(atPath: path)
    try? FileManager.default.removeItem(atPath: path + ".data")
  }
}

// MARK: - The models

private final class BasicBlock: nn.Module, nn.Layer {
  let conv1: nn.Conv2d
  let bn1: nn.BatchNorm2d
  let conv2: nn.Conv2d
  let bn2: nn.BatchNorm2d
  let downsample: nn.Sequential?

  init(_ input: Int, _ output: Int, stride: Int) {
    conv1 = nn.Conv2d(input, output, 3, stride: stride, padding: 1, bias: false)
    bn1 = nn.BatchNorm2d(output)
    conv2 = nn.Conv2d(output, output, 3, padding: 1, bias: false)
    bn2 = nn.BatchNorm2d(output)
    downsample =
      stride == 1 && input == output
      ? nil : nn.Sequential(nn.Conv2d(input, output, 1, stride: stride, bias: false), nn.BatchNorm2d(output))
    super.init()
  }

  func forward(_ x: Tensor) -> Tensor {
    var y = bn1(conv1(x)).relu_()
    y = bn2(conv2(y))
    y.add_(downsample.map { $0(x) } ?? x)
    return y.relu_()
  }
}

final class ResNet: nn.Module, nn.Layer {
  let conv1 = nn.Conv2d(3, 8, 3, padding: 1, bias: false)
  let bn1 = nn.BatchNorm2d(8)
  let layer1 = nn.Sequential(BasicBlock(8, 8, stride: 1), BasicBlock(8, 8, stride: 1))
  let layer2 = nn.Sequential(BasicBlock(8, 16, stride: 2), BasicBlock(16, 16, stride: 1))
  let fc = nn.Linear(16, 5)

  func forward(_ x: Tensor) -> Tensor {
    let y = layer2(layer1(bn1(conv1(x)).relu()))
    return fc(nn.functional.adaptiveAvgPool2d(y, 1).flatten(1))
  }
}

private final class InvertedResidual: nn.Module, nn.Layer {
  let expand = nn.Conv2d(8, 24, 1, bias: false)
  let bn1 = nn.BatchNorm2d(24)
  let depthwise = nn.Conv2d(24, 24, 3, padding: 1, groups: 24, bias: false)
  let bn2 = nn.BatchNorm2d(24)
  let squeeze = nn.Sequential(
    nn.AdaptiveAvgPool2d(1), nn.Conv2d(24, 6, 1), nn.ReLU(), nn.Conv2d(6, 24, 1), nn.Hardsigmoid())
  let project = nn.Conv2d(24, 8, 1, bias: false)
  let bn3 = nn.BatchNorm2d(8)

  func forward(_ x: Tensor) -> Tensor {
    var y = nn.functional.hardswish(bn1(expand(x)))
    y = nn.functional.hardswish(bn2(depthwise(y)))
    return x + bn3(project(y * squeeze(y)))
  }
}

final class MobileNet: nn.Module, nn.Layer {
  let features = nn.Sequential(
    nn.Conv2d(3, 8, 3, stride: 2, padding: 1, bias: false), nn.BatchNorm2d(8), nn.ReLU6(), InvertedResidual(),
    InvertedResidual())
  let classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(8, 5))

  func forward(_ x: Tensor) -> Tensor { classifier(features(x).mean(dim: [2, 3])) }
}

final class UNet: nn.Module, nn.Layer {
  let down1 = nn.Sequential(nn.Conv2d(3, 8, 3, padding: 1), nn.GroupNorm(2, 8), nn.SiLU())
  let down2 = nn.Sequential(nn.Conv2d(8, 16, 3, padding: 1), nn.ReLU())
  let middle = nn.Conv2d(16, 16, 3, padding: 1)
  let up2 = nn.ConvTranspose2d(16, 8, 2, stride: 2)
  let merge2 = nn.Conv2d(24, 8, 3, padding: 1)
  let out = nn.Conv2d(16, 2, 1)

  func forward(_ x: Tensor) -> Tensor {
    let a = down1(x)
    let b = down2(nn.functional.maxPool2d(a, 2))
    let c = middle(nn.functional.avgPool2d(b, 2)).relu()
    let d = merge2(torch.cat([up2(c), b], dim: 1)).relu()
    let e = nn.functional.interpolate(d, size: [a.shape[2], a.shape[3]], mode: .bilinear, alignCorners: false)
    return out(torch.cat([e, a], dim: 1))
  }
}

final class Classifier: nn.Module, nn.Layer {
  let conv1 = nn.Conv2d(1, 6, 3)
  let conv2 = nn.Conv2d(6, 8, 3)
  let dropout = nn.Dropout2d(0.25)
  let fc1 = nn.Linear(128, 16)
  let fc2 = nn.Linear(16, 10)

  func forward(_ input: Tensor) -> Tensor {
    var x = conv1(input).relu()
    x = nn.functional.maxPool2d(conv2(x).relu(), 2)
    x = dropout(x).view(x.shape[0], -1)
    return fc2(fc1(x).relu()).logSoftmax(dim: 1)
  }
}

final class LSTMTagger: nn.Module, nn.Layer {
  let embedding = nn.Embedding(20, 6)
  let lstm = nn.LSTM(6, 5, batchFirst: true, bidirectional: true)
  let tags = nn.Linear(10, 4)

  func forward(_ x: Tensor) -> Tensor { tags(lstm(embedding(x)).output).logSoftmax(dim: -1) }
}

final class GRUEncoder: nn.Module, nn.Layer {
  let embedding = nn.Embedding(20, 6)
  let gru = nn.GRU(6, 5, numLayers: 2, batchFirst: true)

  func forward(_ x: Tensor) -> Tensor { gru(embedding(x)).hidden[-1] }
}

final class TextClassifier: nn.Module, nn.Layer {
  let embedding = nn.Embedding(20, 8, paddingIdx: 0)
  let encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, dimFeedforward: 16, batchFirst: true), 2)
  let head = nn.Linear(8, 3)

  func forward(_ input: (tokens: Tensor, padding: Tensor)) -> Tensor {
    let length = input.tokens.shape[1]
    let positions = Tensor.arange(.int(length)).to(.float32).unsqueeze(1) / Double(length)
    let x = embedding(input.tokens) + positions
    let y = encoder(x, srcKeyPaddingMask: input.padding)
    let weights = input.padding.logicalNot().to(.float32).unsqueeze(-1)
    return head((y * weights).sum(dim: 1) / weights.sum(dim: 1))
  }
}

final class BagOfWords: nn.Module, nn.Layer {
  let bag = nn.EmbeddingBag(20, 6, mode: .sum)
  let head = nn.Linear(6, 3)

  func forward(_ x: Tensor) -> Tensor { head(bag(x)) }
}
