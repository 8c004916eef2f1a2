"""DLPack: memory shared with every library that knows it, in both of its forms.

Reference: https://data-apis.org/array-api/latest/API_specification/generated/array_api.array.__dlpack__.html
"""

import ctypes
from ctypes import c_char_p, c_int, c_void_p, py_object

from . import _library as lib
from ._tensor import made

CPU = (1, 0)
_api = ctypes.pythonapi


def _function(name, result, *arguments):
    return ctypes.PYFUNCTYPE(result, *arguments)((name, _api))


_new = _function("PyCapsule_New", py_object, c_void_p, c_char_p, c_void_p)
_is_valid = _function("PyCapsule_IsValid", c_int, py_object, c_char_p)
_pointer = _function("PyCapsule_GetPointer", c_void_p, py_object, c_char_p)
_rename = _function("PyCapsule_SetName", c_int, py_object, c_char_p)
# Capsules keep the address of their name, so these live as long as the module.
_PLAIN, _VERSIONED = b"dltensor", b"dltensor_versioned"
_USED = {_PLAIN: b"used_dltensor", _VERSIONED: b"used_dltensor_versioned"}


def capsule(tensor, stream, max_version, dl_device, copy):
    """The capsule that `Tensor.__dlpack__` gives."""
    if tensor.requires_grad:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    if stream is not None:
        raise AssertionError("stream should be None on cpu.")
    if dl_device is not None and tuple(int(each) for each in dl_device) != CPU:
        raise BufferError(f"a tensor on the CPU cannot be exported to DLPack device {tuple(dl_device)}")
    if copy:
        tensor = tensor.clone()
    if max_version is not None and max_version[0] >= 1:
        name, managed = _VERSIONED, lib.to_dlpack_versioned(tensor._handle, bool(copy))
    else:
        name, managed = _PLAIN, lib.to_dlpack(tensor._handle)
    if not managed:
        raise lib.error()
    return _new(managed, name, lib.python_drop_capsule)


def from_dlpack(source, *, device=None, copy=None):
    """A tensor on the memory of `source`: an object with `__dlpack__` (an array, a tensor of another library) or a capsule.

    >>> from_dlpack(np.arange(3))
    tensor([0, 1, 2])
    """
    if hasattr(source, "__dlpack__"):
        where = tuple(int(each) for each in source.__dlpack_device__())
        if where[0] not in (1, 3, 11, 13):
            raise BufferError(f"memory on DLPack device {where} cannot be shared: there is only the CPU here")
        keywords = {"max_version": (1, 0)}
        if copy is not None:
            keywords["copy"] = copy
        try:
            found = source.__dlpack__(**keywords)
        except TypeError:
            # A library from before DLPack 1.0, which knows neither versions nor copies.
            found = source.__dlpack__()
    else:
        found = source
    for name, take in ((_VERSIONED, lib.from_dlpack_versioned), (_PLAIN, lib.from_dlpack)):
        if type(found).__name__ == "PyCapsule" and _is_valid(found, name):
            handle = lib.owned(take(_pointer(found, name)))
            _rename(found, _USED[name])
            return made(handle)
    raise RuntimeError(
        "from_dlpack received an invalid capsule. Note that DLTensor capsules can be consumed only once, so you might have "
        "already constructed a tensor from it once.")


def to_dlpack(tensor):
    """The tensor as a capsule of the first form."""
    return capsule(tensor, None, None, None, None)
