import Testing

import TorchONNX
