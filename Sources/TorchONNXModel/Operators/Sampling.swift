// Sampling images at positions.

import TorchCore

extension ONNX {
  enum Sampling {
    private static let modes = ["bilinear": 0, "linear": 0, "nearest": 1, "bicubic": 2, "cubic": 2]
    private static let paddings = ["zeros": 0, "border": 1, "reflection": 2]

    static let operators: [OperatorDeclaration] = [
      .tensor("GridSample", since: 16) { call in
        let (mode, padding) = (call.string("mode", "linear"), call.string("padding_mode", "zeros"))
        guard let modeCode = modes[mode], let paddingCode = paddings[padding] else {
          throw TorchError(.value, "unknown mode '\(mode)' or padding_mode '\(padding)'")
        }
        return torch.gridSampler(
          try call[0], try call[1], interpolationMode: modeCode, paddingMode: paddingCode, alignCorners: call.bool("align_corners"))
      },
      .tensor("AffineGrid", since: 20) { call in
        torch.affineGridGenerator(try call[0], try call.ints(1), alignCorners: call.bool("align_corners"))
      },
    ]
  }
}
