"""`torch.autograd`: backward, grad, hooks."""

import ctypes
import traceback
from ctypes import CFUNCTYPE, c_uint64, c_void_p, py_object

from . import _library as lib
from ._modes import enable_grad, inference_mode, no_grad, set_grad_enabled  # noqa: F401
from ._tensor import Tensor, made


def _tensors(value):
    return [value] if isinstance(value, Tensor) or value is None else list(value)


def _handles(tensors):
    return (c_uint64 * max(len(tensors), 1))(*(0 if each is None else each._handle for each in tensors))


def _default(retain_graph):
    return -1 if retain_graph is None else int(retain_graph)


def backward(tensors, grad_tensors=None, retain_graph=None, create_graph=False):
    """Adds the gradients of `tensors` to the leaves they depend on."""
    roots = _tensors(tensors)
    gradients = None if grad_tensors is None else _tensors(grad_tensors)
    if gradients is not None and len(gradients) != len(roots):
        raise RuntimeError(f"got {len(roots)} tensors and {len(gradients)} gradients")
    lib.check(
        lib.backward(
            _handles(roots), None if gradients is None else _handles(gradients), len(roots), _default(retain_graph),
            bool(create_graph)))
    _raise_from_hooks()


def grad(outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False, allow_unused=None):
    """The gradients of the sum of `outputs` with respect to `inputs`, as a tuple; no `grad` is touched."""
    roots, leaves = _tensors(outputs), _tensors(inputs)
    gradients = None if grad_outputs is None else _tensors(grad_outputs)
    if gradients is not None and len(gradients) != len(roots):
        raise RuntimeError(f"got {len(roots)} tensors and {len(gradients)} gradients")
    found = (c_uint64 * max(len(leaves), 1))()
    lib.check(
        lib.gradients(
            _handles(roots), None if gradients is None else _handles(gradients), len(roots), _handles(leaves), len(leaves),
            _default(retain_graph), bool(create_graph), bool(allow_unused), found))
    _raise_from_hooks()
    return tuple(made(each) if each else None for each in found[:len(leaves)])


# ---- Hooks -----------------------------------------------------------------------------------------------------------

# What a hook has raised: it goes through the library as nothing, and is raised again behind the call.
_raised = []


def _raise_from_hooks():
    if _raised:
        error = _raised[0]
        _raised.clear()
        raise error


@CFUNCTYPE(c_uint64, c_void_p, c_uint64)
def _call_hook(context, gradient):
    gradient = made(gradient)
    try:
        replacement = ctypes.cast(context, py_object).value(gradient)
        if replacement is None:
            return 0
        if not isinstance(replacement, Tensor):
            raise TypeError(f"expected Variable, but hook returned '{type(replacement).__name__}'")
        return lib.retain(replacement._handle)
    except BaseException as error:
        error.add_note("".join(traceback.format_tb(error.__traceback__))) if hasattr(error, "add_note") else None
        _raised.append(error)
        return 0


class RemovableHandle:
    """Takes a hook off again."""

    def __init__(self, handle):
        self._handle = handle

    def remove(self):
        lib.check(lib.hook_remove(self._handle))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()

    def __del__(self, _release=lib.release):
        _release(self._handle)


def register_hook(tensor, hook):
    """Calls `hook` with the gradient of `tensor` whenever one is computed; what it returns takes its place."""
    from ._numpy import _drop, _hold
    _hold(hook)
    handle = lib.tensor_register_hook(
        tensor._handle, ctypes.cast(_call_hook, c_void_p).value, lib.python_drop, id(hook))
    if not handle:
        _drop(hook)
        raise lib.error()
    return RemovableHandle(handle)
