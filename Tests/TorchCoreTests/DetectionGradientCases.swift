// Gradient checks of region pooling and deformable convolution (see GradientTests.swift).

import Torch

private func x(_ sizes: Int..., seed: UInt64 = 1) -> Value {
  .tensor(torch.randn(Shape(sizes), dtype: .float64, generator: Generator(seed: seed), requiresGrad: true))
}

private let regions = Value.tensor(Tensor([[0.0, 0.3, 0.4, 3.1, 2.7], [1, -1, 0, 4.2, 6]], dtype: .float64))
private let sizes: [Value] = [.int(2), .int(4), .int(4), .int(5)]
private let bins: [Value] = [.double(0.9), .int(2), .int(2)]
/// Each bin's element of the features, one bin empty.
private let places = Value.tensor((Tensor.arange(0, 32) % 21 - 1).reshape(2, 4, 2, 2).to(.int32))
private let noMapping = Value.tensor(Tensor([0]))

let detectionGradientCases: [GradientCase] = [
  GradientCase("torchvision::roi_align") { [x(2, 4, 4, 5), regions] + bins + [.int(2), .bool(true)] },
  GradientCase("torchvision::_roi_align_backward") { [x(2, 4, 2, 2), regions] + bins + sizes + [.int(0), .bool(false)] },
  GradientCase("torchvision::ps_roi_align") { [x(2, 4, 4, 5), regions] + bins + [.int(2)] },
  GradientCase("torchvision::_ps_roi_align_backward") {
    [x(2, 1, 2, 2), regions, noMapping] + bins + [.int(2)] + sizes
  },
  GradientCase("torchvision::ps_roi_pool") { [x(2, 4, 4, 5), regions] + bins },
  GradientCase("torchvision::_ps_roi_pool_backward") { [x(2, 1, 2, 2), regions, noMapping] + bins + sizes },
  GradientCase("torchvision::roi_pool") { [x(2, 4, 4, 5), regions] + bins },
  GradientCase("torchvision::_roi_pool_backward") { [x(2, 4, 2, 2), regions, places] + bins + sizes },
  GradientCase("torchvision::deform_conv2d") {
    [x(1, 2, 4, 4), x(2, 1, 2, 2, seed: 2), x(1, 8, 3, 3, seed: 3), x(1, 4, 3, 3, seed: 4), x(2, seed: 5)]
      + [1, 1, 0, 0, 1, 1, 2, 1].map { .int($0) } + [.bool(true)]
  },
]
