// The C face of the library: functions that C, and through it Python, can call.

import Torch
import TorchONNX
