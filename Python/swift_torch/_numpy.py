"""NumPy arrays and tensors on the same memory.

A tensor made of an array owns a reference to the array, an array made of a tensor one to the tensor's storage: whichever
goes last, the memory is there until then.
"""

import ctypes
import warnings

import numpy as np

from . import _library as lib
from . import _types as types
from ._tensor import made

_hold = ctypes.pythonapi.Py_IncRef
_hold.argtypes = (ctypes.py_object,)
_drop = ctypes.pythonapi.Py_DecRef
_drop.argtypes = (ctypes.py_object,)
_warned = False


def from_numpy(array):
    """A tensor on the memory of `array`: what is written to one is seen in the other.

    >>> array = np.array([1, 2, 3])
    >>> tensor = from_numpy(array)
    >>> array[0] = 5
    >>> tensor
    tensor([5, 2, 3])
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {_name(type(array))})")
    dtype = types.by_numpy.get(array.dtype)
    if dtype is None:
        native = types.by_numpy.get(array.dtype.newbyteorder("="))
        if native is not None and not array.dtype.isnative:
            raise ValueError(
                "given numpy array has byte order different from the native byte order. Conversion between byte orders is "
                "currently not supported.")
        raise TypeError(
            f"can't convert np.ndarray of type {_name(array.dtype.type)}. The only supported types are: float64, float32, "
            "float16, complex64, complex128, int64, int32, int16, int8, uint8, and bool.")
    if not array.flags.writeable:
        _warn_read_only()
    itemsize, rank = array.itemsize, array.ndim
    sizes = (ctypes.c_int64 * rank)(*array.shape)
    if array.flags.c_contiguous:
        strides = None
    else:
        if any(stride % itemsize for stride in array.strides):
            raise ValueError(
                "given numpy array strides not a multiple of the element byte size. Copy the numpy array to reallocate the "
                "memory.")
        if any(stride < 0 for stride in array.strides):
            raise ValueError(
                "At least one stride in the given numpy array is negative, and tensors with negative strides are not "
                "currently supported. (You can probably work around this by making a copy of your array  with array.copy().) ")
        strides = (ctypes.c_int64 * rank)(*[stride // itemsize for stride in array.strides])
    _hold(array)
    handle = lib.tensor_from_memory(
        array.ctypes.data, dtype.code, rank, sizes, strides, lib.python_drop, id(array))
    if not handle:
        _drop(array)
        raise lib.error()
    return made(handle)


def _name(kind):
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _warn_read_only():
    global _warned
    if _warned:
        return
    _warned = True
    warnings.warn(
        "The given NumPy array is not writable, and PyTorch does not support non-writable tensors. This means writing to this "
        "tensor will result in undefined behavior. You may want to copy the array to protect its data or make it writable "
        "before converting it to a tensor. This type of warning will be suppressed for the rest of this program.",
        UserWarning, stacklevel=3)


class _SharedStorage:
    """What an array made of a tensor keeps: the tensor's storage."""

    __slots__ = ("_handle", "__array_interface__")

    def __init__(self, handle, interface):
        self._handle = handle
        self.__array_interface__ = interface

    def __del__(self, _release=lib.release):
        _release(self._handle)


def array_of(tensor):
    """A NumPy array on the memory of `tensor`."""
    if tensor.requires_grad:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
    dtype = tensor.dtype
    if dtype.numpy is None:
        raise TypeError("Got unsupported ScalarType BFloat16")
    shape = tensor.shape
    if 0 in shape:
        return np.empty(shape, dtype.numpy)
    address = lib.tensor_data(tensor._handle)
    interface = {
        "version": 3, "typestr": dtype.numpy.str, "shape": tuple(shape), "data": (address, False),
        "strides": tuple(stride * dtype.itemsize for stride in tensor.stride())}
    return np.asarray(_SharedStorage(lib.owned(lib.tensor_storage(tensor._handle)), interface))
