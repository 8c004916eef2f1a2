"""SwiftTorch from Python, with PyTorch's names: `import swift_torch as torch`.

Tensors and NumPy arrays share memory both ways (`from_numpy`, `Tensor.numpy`, DLPack). Every operator of the library is
a function here and a method of tensors, found by PyTorch's schema. The library is found as `_library.py` says.
"""

from . import _library, _operators, _values
from . import autograd, cuda, jit, onnx, ops, safetensors, serialization  # noqa: F401
from ._creation import as_tensor, asarray, tensor  # noqa: F401
from ._dlpack import from_dlpack, to_dlpack  # noqa: F401
from ._functions import *  # noqa: F401,F403
from ._library import TorchError  # noqa: F401
from ._modes import (  # noqa: F401
    enable_grad, inference_mode, is_grad_enabled, is_inference_mode_enabled, no_grad, set_grad_enabled)
from ._namespaces import fft, linalg, special  # noqa: F401
from ._numpy import from_numpy  # noqa: F401
from ._random import (  # noqa: F401
    Generator, default_generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state)
from ._tensor import Tensor  # noqa: F401
from ._types import (  # noqa: F401
    Size, bfloat16, cdouble, cfloat, channels_last, channels_last_3d, complex64, complex128, contiguous_format, device,
    double, dtype, finfo, float16, float32, float64, get_default_dtype, half, iinfo, int8, int16, int32, int64, long,
    memory_format, preserve_format, set_default_dtype, short, strided, uint8)
from ._types import bool_ as bool  # noqa: F401,A004
from ._types import float32 as float  # noqa: F401,A004
from ._types import int32 as int  # noqa: F401,A004
from .serialization import load, save  # noqa: F401

inf = _functions.inf  # noqa: F405
nan = _functions.nan  # noqa: F405
pi = _functions.pi  # noqa: F405
e = _functions.e  # noqa: F405


def __getattr__(name):
    """Every other name is an operator's."""
    operator = None if name.startswith("__") else _operators.find(name)
    if operator is None:
        raise AttributeError(f"module 'torch' has no attribute '{name}'")
    globals()[name] = operator.function
    return operator.function


def __dir__():
    return sorted({*globals(), *_operators.names()})
