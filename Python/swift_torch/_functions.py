"""Functions of `torch` that are no operators of that name: PyTorch writes them in Python too."""

import math

from . import _library as lib
from . import _operators as operators
from . import _types as types
from ._tensor import Tensor

__all__ = [
    "einsum", "get_num_threads", "is_complex", "is_floating_point", "is_tensor", "meshgrid", "broadcast_tensors", "norm",
    "numel", "result_type", "set_num_threads", "set_printoptions", "split", "unique"]

inf, nan, pi, e = math.inf, math.nan, math.pi, math.e


def _aten(name):
    return operators.find(name)


def is_tensor(obj):
    return isinstance(obj, Tensor)


def is_floating_point(input):
    return input.dtype.is_floating_point


def is_complex(input):
    return input.dtype.is_complex


def numel(input):
    return input.numel()


def _several(tensors):
    return list(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else list(tensors)


def einsum(equation, *operands):
    """The sum of products that `equation` writes down, as `"ij,jk->ik"`."""
    return _aten("einsum")(equation, _several(operands))


def meshgrid(*tensors, indexing="ij"):
    """The coordinates of a grid, a tensor for each dimension."""
    return tuple(_aten("meshgrid").indexing(_several(tensors), indexing=indexing))


def broadcast_tensors(*tensors):
    """The tensors expanded to one shape."""
    return tuple(_aten("broadcast_tensors")(_several(tensors)))


def split(tensor, split_size_or_sections, dim=0):
    """The parts of `tensor` along `dim`, of one size or of several."""
    sections = split_size_or_sections
    if isinstance(sections, int):
        return tuple(_aten("split").Tensor(tensor, sections, dim))
    return tuple(_aten("split_with_sizes")(tensor, list(sections), dim))


Tensor.split = split


def unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """The different elements, or the different slices along `dim`."""
    if dim is None:
        found = _aten("_unique2")(input, sorted, return_inverse, return_counts)
    else:
        found = _aten("unique_dim")(input, dim, sorted, return_inverse, return_counts)
    wanted = (found[0],) + ((found[1],) if return_inverse else ()) + ((found[2],) if return_counts else ())
    return wanted[0] if len(wanted) == 1 else wanted


Tensor.unique = unique


def norm(input, p="fro", dim=None, keepdim=False, dtype=None):
    """A norm of the elements, or of each part along `dim`."""
    if p == "nuc":
        return _aten("linalg_matrix_norm").str_ord(input, "nuc", (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    order = 2.0 if p in ("fro", None) else p
    dims = None if dim is None else [dim] if isinstance(dim, int) else list(dim)
    return _aten("linalg_vector_norm")(input, order, dims, keepdim, dtype=dtype)


Tensor.norm = norm


def result_type(tensor1, tensor2):
    """The dtype of arithmetic between the two."""
    return _aten("result_type")(tensor1, tensor2)


def get_num_threads():
    """How many threads operators use."""
    return lib.num_threads()


def set_num_threads(count):
    lib.check(lib.set_num_threads(count))


_profiles = {
    "default": dict(precision=4, threshold=1000, edgeitems=3, linewidth=80),
    "short": dict(precision=2, threshold=1000, edgeitems=2, linewidth=80),
    "full": dict(precision=4, threshold=inf, edgeitems=3, linewidth=80),
}
_options = dict(_profiles["default"])


def set_printoptions(precision=None, threshold=None, edgeitems=None, linewidth=None, profile=None, sci_mode=None):
    """Changes how tensors are printed."""
    if profile is not None:
        _options.update(_profiles[profile])
    given = dict(precision=precision, threshold=threshold, edgeitems=edgeitems, linewidth=linewidth)
    _options.update((key, value) for key, value in given.items() if value is not None)
    threshold = 2**63 - 1 if _options["threshold"] == inf else int(_options["threshold"])
    lib.check(
        lib.set_print_options(
            _options["precision"], threshold, _options["edgeitems"], _options["linewidth"],
            -1 if sci_mode is None else int(sci_mode)))
