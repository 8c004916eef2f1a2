// The umbrella: `import Torch` is enough for tensors, modules, distributions, optimizers, data loading, files and TorchScript.

@_exported import TorchCore
@_exported import TorchData
@_exported import TorchDistributions
@_exported import TorchJIT
@_exported import TorchNN
@_exported import TorchOptim
@_exported import TorchSerialization
