"""Schemas of operators, and which Python values their parameters take.

The rules are those of PyTorch's argument parser: a number may stand where a tensor is expected, one int where a list of a
stated length is, numbers of NumPy where numbers are, a tensor of one element where a number is.
"""

import ast
import re

import numpy as np

from . import _types as types
from ._values import BOOL, COMPLEX, DEVICE, DOUBLE, DTYPE, GENERATOR, INT, LIST, MEMORY_FORMAT, NONE, STRING, TENSOR

# What a conversion costs: the overload with the smallest sum is called.
EXACT, PROMOTED, UNWRAPPED, WRAPPED = 0, 1, 2, 4

_none = (NONE, 0, 0)
_integers = (int, np.integer)
_floats = (float, np.floating)


def is_tensor(value):
    return getattr(value, "_kind", None) == TENSOR


def _number(value):
    """A number as a tagged value of its own kind, or None."""
    if isinstance(value, (bool, np.bool_)):
        return BOOL, int(value), 0
    if isinstance(value, _integers):
        return INT, int(value), 0
    if isinstance(value, _floats):
        return DOUBLE, float(value), 0.0
    if isinstance(value, (complex, np.complexfloating)):
        return COMPLEX, value.real, value.imag
    return None


def _is_single(value):
    """Whether the value is a tensor that can stand for a number."""
    return is_tensor(value) and value.numel() == 1 and not value.requires_grad


def _tensor(value):
    if is_tensor(value):
        return (TENSOR, value._handle, 0), EXACT
    number = _number(value)
    return number and (number, WRAPPED)


def _scalar(value):
    number = _number(value)
    if number:
        return number, EXACT
    if _is_single(value) and value.dim() == 0:
        return _number(value.item()), UNWRAPPED
    return None


def _integer(value):
    if isinstance(value, _integers) and not isinstance(value, bool):
        return (INT, int(value), 0), EXACT
    if _is_single(value) and value.dim() == 0 and not (value.dtype.is_floating_point or value.dtype.is_complex):
        return (INT, int(value.item()), 0), UNWRAPPED
    return None


def _float(value):
    if isinstance(value, _floats):
        return (DOUBLE, float(value), 0.0), EXACT
    if isinstance(value, _integers) and not isinstance(value, bool):
        return (DOUBLE, float(value), 0.0), PROMOTED
    if _is_single(value) and value.dim() == 0 and not value.dtype.is_complex:
        return (DOUBLE, float(value.item()), 0.0), UNWRAPPED
    return None


def _boolean(value):
    return ((BOOL, int(value), 0), EXACT) if isinstance(value, (bool, np.bool_)) else None


def _string(value):
    return ((STRING, value.encode(), 0), EXACT) if isinstance(value, str) else None


def _dtype(value):
    found = types.as_dtype(value)
    return found and ((DTYPE, found.code, 0), EXACT)


def _device(value):
    if isinstance(value, (str, types.device)) or isinstance(value, int) and not isinstance(value, bool):
        return (DEVICE, str(types.device(value)).encode(), 0), EXACT
    return None


def _memory_format(value):
    return ((MEMORY_FORMAT, value.code, 0), EXACT) if isinstance(value, types.memory_format) else None


def _generator(value):
    return ((GENERATOR, value._handle, 0), EXACT) if getattr(value, "_kind", None) == GENERATOR else None


def _ignored(value):
    return _none, EXACT


_converters = {
    "Tensor": _tensor, "Scalar": _scalar, "int": _integer, "SymInt": _integer, "float": _float, "bool": _boolean,
    "str": _string, "ScalarType": _dtype, "Device": _device, "MemoryFormat": _memory_format, "Generator": _generator,
    "Layout": _ignored,
}


def _list_of(element, fixed):
    """A converter for lists of what `element` converts; one number stands for a list where the length is stated."""
    plain = element in (_integer, _float, _scalar, _boolean)

    def convert(value):
        if isinstance(value, (list, tuple)):
            items, worst = [], EXACT
            for each in value:
                item = element(each)
                if item is None or (item[1] == WRAPPED and element is _tensor):
                    return None
                items.append(item[0])
                worst = max(worst, item[1])
            return (LIST, items, 0), worst
        if fixed and plain:
            item = element(value)
            return item and ((LIST, [item[0]], 0), PROMOTED)
        return None

    return convert


def _optional(element):
    def convert(value):
        return (_none, EXACT) if value is None else element(value)
    return convert


_tensor_or_none = _optional(lambda value: _tensor(value) if is_tensor(value) else None)
_list_type = re.compile(r"^(.*)\[(\d*)\]$")


def _converter(kind):
    if kind == "Tensor?[]":
        return _list_of(_tensor_or_none, False)
    if kind.endswith("?"):
        return _optional(_converter(kind[:-1]))
    match = _list_type.match(kind)
    if match:
        return _list_of(_converter(match[1]), match[2] != "")
    return _converters[kind]


def _default(kind, text):
    """The tagged form of a default value as schemas write it."""
    base = kind.rstrip("?")
    if text == "None":
        return _none
    if text in ("True", "False"):
        return BOOL, int(text == "True"), 0
    if text in ("Mean", "Sum"):
        return INT, 1 if text == "Mean" else 2, 0
    if text in ("contiguous_format", "preserve_format", "legacyContiguousFormat"):
        return MEMORY_FORMAT, int(text == "preserve_format"), 0
    if base == "ScalarType":
        return DTYPE, (types.int64 if text in ("long", "4") else types.float32).code, 0
    if text == "inf":
        return DOUBLE, float("inf"), 0.0
    value = ast.literal_eval(text)
    if isinstance(value, list) or "[" in base:
        items = value if isinstance(value, list) else [value]
        return LIST, [_default(base[:base.index("[")], repr(item)) for item in items], 0
    if isinstance(value, str):
        return STRING, value.encode(), 0
    if base == "float":
        return DOUBLE, float(value), 0.0
    return _number(value)


class Parameter:
    """A parameter of a schema."""

    __slots__ = ("name", "type", "default", "is_keyword_only", "is_written", "convert")

    def __init__(self, text, is_keyword_only):
        declaration, equals, default = text.partition("=")
        annotated, _, self.name = declaration.rpartition(" ")
        self.is_written = "!" in annotated
        self.type = re.sub(r"\([^)]*\)", "", annotated)
        self.is_keyword_only = is_keyword_only
        self.convert = _ignored if self.name in ("layout", "pin_memory") else _converter(self.type)
        self.default = _default(self.type, default) if equals else None

    @property
    def is_list(self):
        return "[" in self.type and not self.type.startswith("Tensor?")


class Schema:
    """A parsed schema: `aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor`."""

    __slots__ = (
        "text", "number", "name", "overload", "parameters", "positional", "result_names", "result_count", "outs",
        "takes_varargs")

    def __init__(self, text, number):
        self.text = text
        self.number = number
        head, _, rest = text.partition("(")
        self.name, _, self.overload = head.rpartition("::")[2].partition(".")
        body, _, results = rest.rpartition(") -> ")
        self.parameters = []
        keyword_only = False
        for piece in _split(body):
            if piece == "*":
                keyword_only = True
            else:
                self.parameters.append(Parameter(piece, keyword_only))
        self.positional = [each for each in self.parameters if not each.is_keyword_only]
        self.outs = [each for each in self.parameters if each.is_written and each.is_keyword_only]
        results = _split(results[1:-1]) if results.startswith("(") else [results]
        self.result_count = len(results)
        self.result_names = [each.partition(" ")[2] for each in results]
        # As in PyTorch: `x.view(2, 3)` where a list of ints is all that there is to say.
        said = [each for each in self.positional if each.name != "self"]
        self.takes_varargs = len(said) == 1 and said[0].is_list

    def __str__(self):
        return self.text


def _split(text):
    """The pieces between commas outside of brackets."""
    pieces, depth, start = [], 0, 0
    for at, character in enumerate(text):
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == "," and depth == 0:
            pieces.append(text[start:at].strip())
            start = at + 1
    pieces.append(text[start:].strip())
    return [piece for piece in pieces if piece]
