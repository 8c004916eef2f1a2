"""Finds libTorchC, declares its functions, and turns its errors into exceptions.

`SWIFT_TORCH_LIBRARY` names the library; without it, it is looked for beside this file and in the build folder of the
repository this package lies in. The functions are described in `Sources/CTorch/swift_torch.h`.
"""

import ctypes
import os
from ctypes import POINTER, c_char_p, c_int32, c_int64, c_uint64, c_void_p
from pathlib import Path

ABI_VERSION = 1
MAX_RANK = 12


def _candidates():
    name = os.environ.get("SWIFT_TORCH_LIBRARY")
    if name:
        return [Path(name)]
    here = Path(__file__).resolve().parent
    return [here / "libTorchC.so", here.parents[1] / ".build" / "release" / "libTorchC.so"]


def _find():
    candidates = _candidates()
    for path in candidates:
        if path.is_file():
            return str(path)
    tried = ", ".join(str(path) for path in candidates)
    raise ImportError(
        f"swift_torch: there is no library at {tried}. Build it with `make python` in the repository of SwiftTorch, or set "
        "SWIFT_TORCH_LIBRARY to the path of libTorchC.so.")


_path = _find()
# Calls of operators let other Python threads run; short functions, through the second object, do not.
_free = ctypes.CDLL(_path)
_held = ctypes.PyDLL(_path)

handle = c_uint64
status = c_int32


def _function(library, name, result, *arguments):
    function = getattr(library, name)
    function.restype = result
    function.argtypes = arguments
    return function


def _declare(library, result, **functions):
    for name, arguments in functions.items():
        globals()[name] = _function(library, "st_" + name, result, *arguments)


_declare(_held, c_char_p, error_kind=(), error_message=(), error_operator=(), schemas=())
_declare(
    _held, handle, retain=(handle,), tensor_storage=(handle,), generator_create=(), generator_default=(),
    from_dlpack=(c_void_p,), from_dlpack_versioned=(c_void_p,),
    tensor_from_memory=(c_void_p, c_int32, c_int64, c_void_p, c_void_p, c_void_p, c_void_p))
_declare(
    _held, status, release=(handle,), tensor_get_info=(handle, c_void_p), tensor_set_data=(handle, handle),
    tensor_set_requires_grad=(handle, c_int32), tensor_grad=(handle, c_void_p), tensor_set_grad=(handle, handle),
    tensor_retain_grad=(handle,), tensor_grad_fn=(handle, c_void_p), hook_remove=(handle,), mode_get=(c_int32,),
    mode_set=(c_int32, c_int32), default_dtype=(), set_default_dtype=(c_int32,), generator_seed=(handle, c_uint64),
    generator_initial_seed=(handle, c_void_p), generator_state=(handle, c_void_p),
    generator_set_state=(handle, c_char_p, c_int64), num_threads=(), set_num_threads=(c_int32,), abi_version=(),
    set_print_options=(c_int32, c_int64, c_int64, c_int64, c_int32))
_declare(_held, c_void_p, tensor_data=(handle,), to_dlpack=(handle,), to_dlpack_versioned=(handle, c_int32))
_declare(_held, c_int64, handle_count=(), operator_count=())
_declare(_held, None, values_clear=(c_void_p, c_int64, c_int32), python_start=(c_void_p,))
_declare(
    _free, handle, tensor_subscript=(handle, c_char_p, c_int64, c_int64),
    tensor_register_hook=(handle, c_void_p, c_void_p, c_void_p))
_declare(
    _free, status, tensor_item=(handle, c_void_p), tensor_describe=(handle, c_void_p),
    tensor_assign=(handle, c_char_p, c_int64, c_int64, c_char_p),
    backward=(c_void_p, c_void_p, c_int64, c_int32, c_int32),
    gradients=(c_void_p, c_void_p, c_int64, c_void_p, c_int64, c_int32, c_int32, c_int32, c_void_p),
    load=(c_char_p, c_int32, c_void_p), save=(c_char_p, c_int64, c_char_p),
    safetensors_load=(c_char_p, c_int32, c_void_p), safetensors_metadata=(c_char_p, c_void_p),
    safetensors_save=(c_char_p, c_int64, c_char_p, c_int64, c_char_p), npz_load=(c_char_p, c_void_p),
    npz_save=(c_char_p, c_int64, c_char_p))
_declare(
    _free, handle, module_load=(c_char_p, c_char_p, c_int64, c_void_p), onnx_load=(c_char_p,))
_declare(
    _free, status, module_save=(handle, c_char_p, c_char_p, c_int64),
    module_call=(handle, c_char_p, c_char_p, c_int64, c_void_p), module_get=(handle, c_char_p, c_void_p),
    module_set=(handle, c_char_p, c_char_p, c_int64), module_train=(handle, c_int32),
    module_list=(handle, c_int32, c_void_p), module_load_state=(handle, c_char_p, c_int64, c_int32),
    module_describe=(handle, c_char_p, c_int32, c_void_p), onnx_ports=(handle, c_void_p),
    onnx_run=(handle, c_char_p, c_int64, c_void_p))
_declare(_free, c_int64, call=(c_int64, c_char_p, c_int64, c_int64, c_void_p, c_int64))

if abi_version() != ABI_VERSION:  # noqa: F821
    raise ImportError(f"swift_torch: {_path} has version {abi_version()} of the interface, expected {ABI_VERSION}")  # noqa: F821


def address(name):
    """The address of one of the library's functions."""
    return ctypes.cast(getattr(_held, "st_" + name), c_void_p).value


# ---- The interpreter's functions, which the library calls to let go of Python objects -----------------------------

_api = ctypes.pythonapi


def _address_of(name):
    return ctypes.cast(getattr(_api, name), c_void_p)


_functions = (c_void_p * 6)(*(
    _address_of(name).value for name in (
        "Py_IsInitialized", "PyGILState_Ensure", "PyGILState_Release", "Py_DecRef", "PyCapsule_IsValid",
        "PyCapsule_GetPointer")))
python_start(_functions)  # noqa: F821
python_drop = address("python_drop")
python_drop_capsule = address("python_drop_capsule")

# ---- Errors ----------------------------------------------------------------------------------------------------------


class TorchError(RuntimeError):
    """An error of the library: PyTorch's wording, its `kind`, and the `operator` that refused what it was given.

    As PyTorch's, all of them are `RuntimeError`s; those of some kinds are `IndexError`s, `ValueError`s, … besides.
    """

    kind = "state"
    operator = ""


class TorchIndexError(TorchError, IndexError):
    pass


class TorchValueError(TorchError, ValueError):
    pass


class TorchTypeError(TorchError, TypeError):
    pass


class TorchNotImplementedError(TorchError, NotImplementedError):
    pass


class TorchIOError(TorchError, OSError):
    pass


_classes = {
    "index": TorchIndexError, "value": TorchValueError, "type": TorchTypeError, "io": TorchIOError,
    "notImplemented": TorchNotImplementedError,
}


def error():
    """The exception for this thread's last error."""
    kind = (error_kind() or b"state").decode()  # noqa: F821
    exception = _classes.get(kind, TorchError)((error_message() or b"").decode())  # noqa: F821
    exception.kind = kind
    exception.operator = (error_operator() or b"").decode()  # noqa: F821
    return exception


def check(result):
    """Raises what went wrong where `result` says that something did."""
    if result < 0:
        raise error()


def owned(new):
    """The handle `new`, unless it is none because the call failed."""
    if not new:
        raise error()
    return new
