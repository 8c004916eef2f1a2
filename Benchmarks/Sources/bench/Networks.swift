// The networks that inference is timed on: torchvision's resnet18 and mobilenet_v2.

import Torch

/// A network of one input and one output.
typealias Layer = nn.Layer<Tensor, Tensor>

/// Two convolutions and what passes by them.
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
      stride == 1
      ? nil : nn.Sequential(nn.Conv2d(input, output, 1, stride: stride, bias: false), nn.BatchNorm2d(output))
    super.init()
  }

  func forward(_ x: Tensor) -> Tensor {
    let y = bn2(conv2(bn1(conv1(x)).relu()))
    return (y + (downsample?(x) ?? x)).relu()
  }
}

/// Widens, filters each channel, narrows.
private final class InvertedResidual: nn.Module, nn.Layer {
  let conv: nn.Sequential
  let passes: Bool

  init(_ input: Int, _ output: Int, stride: Int, expand: Int) {
    let hidden = input * expand
    var layers: [any Layer] = []
    if expand > 1 { layers += [nn.Conv2d(input, hidden, 1, bias: false), nn.BatchNorm2d(hidden), nn.ReLU6()] }
    layers += [
      nn.Conv2d(hidden, hidden, 3, stride: stride, padding: 1, groups: hidden, bias: false),
      nn.BatchNorm2d(hidden), nn.ReLU6(), nn.Conv2d(hidden, output, 1, bias: false), nn.BatchNorm2d(output),
    ]
    conv = nn.Sequential(layers)
    passes = stride == 1 && input == output
    super.init()
  }

  func forward(_ x: Tensor) -> Tensor { passes ? x + conv(x) : conv(x) }
}

enum Networks {
  static func resnet18() -> nn.Sequential {
    var layers: [any Layer] = [
      nn.Conv2d(3, 64, 7, stride: 2, padding: 3, bias: false), nn.BatchNorm2d(64), nn.ReLU(),
      nn.MaxPool2d(3, stride: 2, padding: 1),
    ]
    var width = 64
    for (i, output) in [64, 128, 256, 512].enumerated() {
      layers += [BasicBlock(width, output, stride: i == 0 ? 1 : 2), BasicBlock(output, output, stride: 1)]
      width = output
    }
    return nn.Sequential(layers + [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000)])
  }

  static func mobilenet() -> nn.Sequential {
    var layers: [any Layer] = [nn.Conv2d(3, 32, 3, stride: 2, padding: 1, bias: false), nn.BatchNorm2d(32), nn.ReLU6()]
    var width = 32
    let stages = [
      (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ]
    for (expand, output, count, stride) in stages {
      for i in 0..<count {
        layers.append(InvertedResidual(width, output, stride: i == 0 ? stride : 1, expand: expand))
        width = output
      }
    }
    return nn.Sequential(
      layers + [
        nn.Conv2d(320, 1280, 1, bias: false), nn.BatchNorm2d(1280), nn.ReLU6(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Dropout(0.2), nn.Linear(1280, 1000),
      ])
  }
}
