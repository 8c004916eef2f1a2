// The random number generator: PyTorch's mt19937 with PyTorch's transformations.

import CTorchKernels
import Synchronization

/// A source of random numbers with PyTorch's sequence for each seed.
public final class Generator: @unchecked Sendable {
}
