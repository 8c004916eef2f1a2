// The namespace of ONNX: `ONNX.export` and `ONNX.load`.

@_exported import TorchJIT

/// Models in the Open Neural Network Exchange format: written from modules here, and read to be run or fine-tuned.
public enum ONNX {}
