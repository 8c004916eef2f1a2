"""Operators by name: finds the overload that takes the arguments, and calls it.

`Operator` is all overloads of one name. A call whose arguments are tensors and numbers in order, which is most of them,
looks its overload up by their types after the first time, and packs them with one `struct`.
"""

import ctypes
import struct
from collections import namedtuple

from . import _library as lib
from . import _values as values
from ._schemas import WRAPPED, Schema, is_tensor
from ._values import BOOL, DOUBLE, INT, SAME, TENSOR

_Result = ctypes.c_uint64 * 3
# PyTorch's other names of parameters.
_aliases = {"input": "self", "axis": "dim", "keepdims": "keepdim", "x": "self", "x1": "self", "x2": "other"}
_tensor_maker = None
_tensor_class = None


def set_tensor_class(tensor_class, maker):
    """Tells which class tensors have, and what makes one of a handle."""
    global _tensor_class, _tensor_maker
    _tensor_class, _tensor_maker = tensor_class, maker
    values.makers[TENSOR] = maker


# ---- All schemas, by name ---------------------------------------------------------------------------------------------


def _index():
    """The lines of the library's schemas by namespace and name; a line is only parsed when somebody asks for its name."""
    index = {}
    for number, line in enumerate(lib.schemas().decode().split("\n")):
        space, _, rest = line.partition("::")
        end = min(at for at in (rest.find("."), rest.find("(")) if at > 0)
        index.setdefault((space, rest[:end]), []).append((number, line))
    return index


_lines = _index()
_operators = {}


def find(name, space="aten"):
    """The operator of this name, or None."""
    key = (space, name)
    operator = _operators.get(key)
    if operator is None and key in _lines:
        schemas = [Schema(line, number) for number, line in _lines[key]]
        operator = _operators[key] = Operator(space, name, schemas)
    return operator


def names(space="aten"):
    """The names of all operators."""
    return sorted(name for where, name in _lines if where == space)


# ---- Calls --------------------------------------------------------------------------------------------------------


class _Mismatch(Exception):
    """Arguments that an overload does not take; how far they were understood tells which complaint is worth reading."""

    def __init__(self, message, progress):
        self.message = message
        self.progress = progress


class _Plan:
    """How arguments of certain types go to one overload: a struct for them, and the bytes of all other parameters."""

    __slots__ = ("number", "pack", "heads", "tail", "count", "size", "has_numbers")

    @staticmethod
    def make(schema, arguments):
        """The plan for arguments like these; None where the way they go depends on more than their types."""
        heads, form = [], "<"
        parameters = schema.parameters
        if len(arguments) > len(schema.positional) or schema.result_count != 1:
            return None
        for parameter, value in zip(parameters, arguments):
            kind = _plain_kind(parameter.type.rstrip("?"), value)
            if kind is None:
                return None
            heads.append(kind)
            form += "IIQQ" if kind == TENSOR else "IIdd" if kind == DOUBLE else "IIqq"
        rest = [parameter.default for parameter in parameters[len(arguments):]]
        # Lists have addresses, which depend on where they lie.
        if any(each is None or isinstance(each[1], (list, bytes)) for each in rest):
            return None
        plan = _Plan()
        plan.number = schema.number
        plan.heads = heads
        plan.pack = struct.Struct(form).pack
        plan.tail = values.pack(rest)
        plan.count = len(parameters)
        plan.size = values.WIDTH * plan.count
        plan.has_numbers = any(kind != TENSOR for kind in heads)
        return plan

    def block(self, arguments):
        if len(arguments) == 1 and not self.has_numbers:
            return self.pack(TENSOR, 0, arguments[0]._handle, 0) + self.tail
        if len(arguments) == 2 and not self.has_numbers:
            return self.pack(TENSOR, 0, arguments[0]._handle, 0, TENSOR, 0, arguments[1]._handle, 0) + self.tail
        fields = []
        for kind, value in zip(self.heads, arguments):
            fields += (kind, 0, value._handle if kind == TENSOR else value, 0)
        try:
            return self.pack(*fields) + self.tail
        except struct.error:
            raise values.OverflowingInteger("Overflow when unpacking long long") from None


def _plain_kind(wanted, value):
    """The kind a value of a simple type has for a parameter; None where that takes more thought."""
    kind = type(value)
    if kind is _tensor_class:
        return TENSOR if wanted == "Tensor" else None
    if kind is int:
        return INT if wanted in ("Scalar", "int", "SymInt", "Tensor") else DOUBLE if wanted == "float" else None
    if kind is float:
        return DOUBLE if wanted in ("Scalar", "float", "Tensor") else None
    if kind is bool:
        return BOOL if wanted in ("Scalar", "bool", "Tensor") else None
    return None


class Operator:
    """All overloads of one name."""

    def __init__(self, space, name, schemas):
        self.space = space
        self.name = name
        # Overloads that write to `out` are asked for by that argument.
        self.schemas = [each for each in schemas if not each.outs]
        self.out_schemas = [each for each in schemas if each.outs]
        self.by_overload = {each.overload or "default": each for each in schemas}
        self.plans = {}
        self.function = self._function()

    def __repr__(self):
        return f"<OpOverloadPacket(op='{self.space}.{self.name}')>"

    def __call__(self, *arguments, **keywords):
        return self.function(*arguments, **keywords)

    def __getattr__(self, overload):
        if overload.startswith("__") or overload not in self.by_overload:
            raise AttributeError(f"The underlying op of '{self.space}.{self.name}' has no overload name '{overload}'")
        schema = self.by_overload[overload]

        def call(*arguments, **keywords):
            return _run(schema, *_bind(schema, arguments, keywords))
        call.__name__, call.__doc__ = f"{self.name}.{overload}", schema.text
        return call

    def overloads(self):
        return list(self.by_overload)

    def takes_self(self):
        """Whether it can be a method."""
        return any(each.positional and each.positional[0].type == "Tensor" for each in self.schemas)

    def _function(self):
        """The call as a function, so that it is a method where it is a class's attribute."""
        plans, call, resolve = self.plans, lib.call, self._resolve

        def function(*arguments, **keywords):
            if not keywords:
                plan = plans.get(tuple(map(type, arguments)))
                if plan is not None:
                    result = _Result()
                    if call(plan.number, plan.block(arguments), plan.count, plan.size, result, 1) < 0:
                        raise lib.error()
                    head = result[0]
                    if head == TENSOR:
                        return _tensor_maker(result[1])
                    if head >> 32 & SAME:
                        return arguments[result[1]]
                    return _taken(result)
            return resolve(arguments, keywords)

        function.__name__ = function.__qualname__ = self.name
        function.__doc__ = "\n".join(each.text for each in self.schemas)
        return function

    def _resolve(self, arguments, keywords):
        schemas = self.schemas
        requires_grad = False
        if keywords:
            if keywords.get("out") is not None:
                schemas = self.out_schemas
                out = keywords.pop("out")
                outs = out if isinstance(out, (tuple, list)) else (out,)
            else:
                keywords.pop("out", None)
                outs = ()
            if "requires_grad" in keywords and any(p.name == "pin_memory" for s in self.schemas for p in s.parameters):
                requires_grad = keywords.pop("requires_grad")
        else:
            outs = ()
        best, complaint = None, None
        for schema in schemas:
            given = keywords
            if outs:
                if len(outs) != len(schema.outs):
                    continue
                given = {**keywords, **{each.name: value for each, value in zip(schema.outs, outs)}}
            try:
                bound, cost = _bound(schema, arguments, given)
            except _Mismatch as mismatch:
                if complaint is None or mismatch.progress > complaint.progress:
                    complaint = mismatch
                continue
            if best is None or cost < best[2]:
                best = (schema, bound, cost)
                if cost == 0:
                    break
        if best is None:
            raise TypeError(self._complaint(complaint, arguments, schemas))
        schema, bound, cost = best
        if not keywords and not outs:
            plan = _Plan.make(schema, arguments)
            if plan is not None:
                self.plans[tuple(map(type, arguments))] = plan
        result = _run(schema, bound, _originals(schema, arguments, keywords, outs))
        return result.requires_grad_() if requires_grad else result

    def _complaint(self, mismatch, arguments, schemas):
        if mismatch is not None and len(schemas) == 1:
            return mismatch.message
        got = ", ".join(type(each).__name__ for each in arguments)
        expected = "".join(f"\n * {each.text.partition('::')[2]}" for each in schemas)
        return (
            f"{self.name}() received an invalid combination of arguments - got ({got}), but expected one of:{expected}")


def _taken(result):
    raw = values.Results(1)
    ctypes.memmove(raw.memory, result, values.WIDTH)
    return raw.take()[0]


def _bind(schema, arguments, keywords):
    """The values of a call of one overload, and the arguments as they were."""
    try:
        bound, _ = _bound(schema, arguments, keywords)
    except _Mismatch as mismatch:
        raise TypeError(mismatch.message) from None
    return bound, _originals(schema, arguments, keywords, ())


def _originals(schema, arguments, keywords, outs):
    """What was given for each parameter, for results that are an argument itself."""
    by_name = {_aliases.get(key, key): value for key, value in keywords.items()}
    by_name.update((each.name, value) for each, value in zip(schema.outs, outs))
    return [
        arguments[at] if at < len(arguments) and not parameter.is_keyword_only else by_name.get(parameter.name)
        for at, parameter in enumerate(schema.parameters)]


def _bound(schema, arguments, keywords):
    """The tagged values for all parameters, and what their conversion costs."""
    positional = schema.positional
    if len(arguments) > len(positional) or (
            schema.takes_varargs and len(arguments) == len(positional) and not isinstance(arguments[-1], (list, tuple))):
        arguments = _gathered(schema, arguments)
    bound, cost, used = [], 0, 0
    for at, parameter in enumerate(schema.parameters):
        if at < len(arguments) and not parameter.is_keyword_only:
            given, where = arguments[at], f"(position {at + 1})"
            if keywords and parameter.name in keywords:
                raise _Mismatch(f"{schema.name}() got multiple values for argument '{parameter.name}'", at)
        else:
            found, given = _keyword(parameter.name, keywords)
            if not found:
                if parameter.default is None:
                    raise _Mismatch(f"{schema.name}() missing a required argument: '{parameter.name}'", at)
                bound.append(parameter.default)
                continue
            used += 1
            where = ""
        converted = parameter.convert(given)
        if converted is None:
            wanted = parameter.type
            raise _Mismatch(
                f"{schema.name}(): argument '{'input' if parameter.name == 'self' else parameter.name}'"
                f"{' ' + where if where else ''} must be {wanted}, not {type(given).__name__}", at)
        bound.append(converted[0])
        cost += converted[1]
    if used != len(keywords):
        known = {parameter.name for parameter in schema.parameters}
        extra = next(key for key in keywords if _aliases.get(key, key) not in known and key not in known)
        raise _Mismatch(f"{schema.name}() got an unexpected keyword argument '{extra}'", len(schema.parameters))
    if positional and positional[0].type == "Tensor" and bound[0][0] != TENSOR and cost < WRAPPED + 2:
        # A number can be the first argument only beside a tensor.
        cost += 1
    return bound, cost


def _keyword(name, keywords):
    if name in keywords:
        return True, keywords[name]
    for other, real in _aliases.items():
        if real == name and other in keywords:
            return True, keywords[other]
    return False, None


def _gathered(schema, arguments):
    """`view(x, 2, 3)` as `view(x, (2, 3))`."""
    lead = len(schema.positional) - 1
    rest = arguments[lead:]
    if schema.takes_varargs and (
            all(isinstance(each, int) or hasattr(each, "__index__") for each in rest)
            if schema.positional[-1].type.startswith(("int", "SymInt")) else all(map(is_tensor, rest))):
        return (*arguments[:lead], tuple(rest))
    if len(arguments) > len(schema.positional):
        raise _Mismatch(
            f"{schema.name}() takes {len(schema.positional)} positional arguments but {len(arguments)} were given",
            len(schema.positional))
    return arguments


def _run(schema, bound, originals=()):
    block = values.pack(bound)
    results = values.Results(max(schema.result_count, 1))
    stored = lib.call(schema.number, block, len(bound), len(block), results.memory, results.count)
    if stored < 0:
        raise lib.error()
    results.count = min(results.count, stored)
    found = results.take(originals) if stored else []
    if schema.result_count == 1:
        return found[0] if found else None
    if all(schema.result_names):
        return _named(schema)(*found)
    return tuple(found[:schema.result_count])


_named_types = {}


def _named(schema):
    """PyTorch's `torch.return_types.max(values=…, indices=…)`."""
    found = _named_types.get(schema)
    if found is None:
        base = namedtuple(schema.name, schema.result_names, rename=True)

        def describe(self):
            fields = ",\n".join(f"{name}={value!r}" for name, value in zip(self._fields, self))
            return f"torch.return_types.{schema.name}(\n{fields})"
        found = _named_types[schema] = type(schema.name, (base,), {"__slots__": (), "__repr__": describe})
    return found
