// The namespace of modules: `nn.Linear(784, 256)`, `nn.functional.relu(x)`, `nn.initializers.xavierNormal_(w)`.
//
// Lower case, so that code reads as PyTorch's does. Each family of modules extends it in a file of its own.
// Reference: https://pytorch.org/docs/stable/nn.html

@_exported import TorchCore

/// Building blocks of neural networks.
public enum nn {}
