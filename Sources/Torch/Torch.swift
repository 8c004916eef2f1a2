// The umbrella: `import Torch` is enough.

@_exported import TorchCore
@_exported import TorchData
@_exported import TorchNN
@_exported import TorchOptim
@_exported import TorchSerialization
