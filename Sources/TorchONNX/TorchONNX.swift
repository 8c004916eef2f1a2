// `import TorchONNX` gives both directions: reading and running files (TorchONNXModel), and writing them (Export/).

@_exported import TorchJIT
@_exported import TorchONNXModel
