import Testing

import TorchC
