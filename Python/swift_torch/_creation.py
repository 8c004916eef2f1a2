"""Tensors of Python's values."""

import warnings

import numpy as np

from . import _types as types
from ._numpy import from_numpy
from ._schemas import is_tensor
from ._tensor import Tensor


def tensor(data, *, dtype=None, device=None, requires_grad=False, pin_memory=False):
    """A new tensor of `data`: a number, nested lists of numbers, an array, a tensor; always a copy.

    >>> tensor([[1, 2], [3, 4]], dtype=float32)
    tensor([[1., 2.],
            [3., 4.]])
    """
    if is_tensor(data):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
            "sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor).", UserWarning,
            stacklevel=2)
        made = data.detach().clone()
        made = made.to(dtype) if dtype is not None else made
    else:
        made = _copied(data, types.as_dtype(dtype))
    made = made.to(device=device) if device is not None else made
    return made.requires_grad_() if requires_grad else made


def as_tensor(data, dtype=None, device=None):
    """A tensor of `data`, on its memory where it has any of the right dtype."""
    if isinstance(data, np.ndarray):
        made = from_numpy(data)
    elif is_tensor(data):
        made = data
    else:
        made = _copied(data, types.as_dtype(dtype))
    return made.to(dtype=dtype, device=device) if dtype is not None or device is not None else made


def asarray(obj, *, dtype=None, device=None, copy=None, requires_grad=False):
    """As `as_tensor`, with a say in whether memory is shared."""
    made = as_tensor(obj, dtype=dtype, device=device)
    shares = is_tensor(obj) and made.data_ptr() == obj.data_ptr() or (
        isinstance(obj, np.ndarray) and made.data_ptr() == obj.ctypes.data)
    if copy is False and not shares:
        raise ValueError("cannot convert without a copy")
    made = made.detach().clone() if copy and shares else made
    return made.requires_grad_() if requires_grad else made


def _copied(data, dtype):
    array = data if isinstance(data, (np.ndarray, np.generic)) else None
    inferred = None
    if array is None:
        array, inferred = _array(data)
    array = np.asarray(array)
    wanted = dtype or inferred
    made = from_numpy(np.ascontiguousarray(array).reshape(array.shape)).clone()
    return made if wanted is None else made.to(wanted)


def _array(data):
    """Nested lists as an array, and the dtype PyTorch would give them."""
    if isinstance(data, str):
        raise TypeError("too many dimensions 'str'")
    if _has_tensors(data):
        return _of_tensors(data)
    try:
        array = np.array(data)
    except ValueError:
        _check_lengths(data)
        raise
    if array.dtype == object:
        _check_lengths(data)
        if any(isinstance(each, int) for each in array.reshape(-1)):
            raise RuntimeError("Overflow when unpacking long long")
        raise RuntimeError(f"Could not infer dtype of {type(array.reshape(-1)[0]).__name__}")
    if array.dtype.kind in "US":
        raise TypeError("new(): invalid data type 'str'")
    if array.dtype == np.uint64:
        raise RuntimeError("Overflow when unpacking long long")
    if array.size == 0:
        return array.astype(np.float32), types.get_default_dtype()
    first = data
    while isinstance(first, (list, tuple)):
        first = first[0]
    if isinstance(first, np.ndarray):
        warnings.warn(
            "Creating a tensor from a list of numpy.ndarrays is extremely slow. Please consider converting the list to a "
            "single numpy.ndarray with numpy.array() before converting to a tensor.", UserWarning, stacklevel=4)
        return array, None
    default = types.get_default_dtype()
    if array.dtype == np.float64:
        return array, default
    if array.dtype == np.complex128:
        return array, default.to_complex()
    return array, None


def _has_tensors(data):
    if isinstance(data, (list, tuple)):
        return any(map(_has_tensors, data))
    return is_tensor(data)


def _of_tensors(data):
    """Lists with tensors of one element in them."""
    kinds = []

    def plain(value):
        if isinstance(value, (list, tuple)):
            return [plain(each) for each in value]
        if is_tensor(value):
            kinds.append(value.detach())
            return value.tolist()
        kinds.append(_copied(value, None))
        return value

    array, _ = _array(plain(data))
    dtype = kinds[0].dtype
    for each in kinds[1:]:
        if each.dtype is not dtype:
            dtype = (Tensor._aten("zeros")([1], dtype=dtype) + Tensor._aten("zeros")([1], dtype=each.dtype)).dtype
    return array, dtype


def _check_lengths(data):
    """PyTorch's complaint of nested lists that are no box."""
    sizes, level = [], data
    while isinstance(level, (list, tuple)):
        sizes.append(len(level))
        if not level:
            break
        level = level[0]

    def check(value, dim):
        if dim == len(sizes):
            if isinstance(value, (list, tuple)):
                raise TypeError(f"must be real number, not {type(value).__name__}")
            return
        if not isinstance(value, (list, tuple)):
            raise TypeError(f"expected a sequence at dim {dim} (got {type(value).__name__})")
        if len(value) != sizes[dim]:
            raise ValueError(f"expected sequence of length {sizes[dim]} at dim {dim} (got {len(value)})")
        for each in value:
            check(each, dim + 1)

    check(data, 0)


def rebuilt(array, dtype, requires_grad):
    """What `pickle` makes a tensor of."""
    made = from_numpy(array).clone()
    made = made.view(types.bfloat16) if dtype is types.bfloat16 else made
    return made.requires_grad_() if requires_grad else made
