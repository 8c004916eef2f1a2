"""The tensor: a handle of the library's, with PyTorch's face.

Methods that are operators are not written here: `x.softmax(0)` finds `aten::softmax`, by its schema, when it is first
asked for.
"""

import ctypes
import struct
import warnings

import numpy as np

from . import _library as lib
from . import _operators as operators
from . import _types as types
from . import _values as values
from ._values import BOOL, INT, NONE, STRING, TENSOR, TUPLE

_release = lib.release
_info = struct.Struct(f"<qiIqqqQQq{lib.MAX_RANK}q{lib.MAX_RANK}q")
_REQUIRES_GRAD, _IS_LEAF, _IS_CONTIGUOUS, _IS_INFERENCE = 1, 2, 4, 8


class _Info:
    """What the library says of a tensor."""

    __slots__ = ("dtype", "flags", "offset", "version", "numel", "identity", "storage", "storage_bytes", "shape", "strides")

    def __init__(self, handle):
        raw = ctypes.create_string_buffer(_info.size)
        lib.check(lib.tensor_get_info(handle, raw))
        fields = _info.unpack(raw.raw)
        rank = fields[0]
        self.dtype = types.by_code[fields[1]]
        _, _, self.flags, self.offset, self.version, self.numel, self.identity, self.storage, self.storage_bytes = fields[:9]
        self.shape = types.Size(fields[9:9 + rank])
        self.strides = fields[9 + lib.MAX_RANK:9 + lib.MAX_RANK + rank]


class Tensor:
    """A tensor of SwiftTorch. Made by `tensor`, `zeros`, `from_numpy`, …, and by operators."""

    __slots__ = ("_handle", "_gradient", "_hooks", "__weakref__")
    _kind = TENSOR
    # NumPy leaves `array + tensor` to the tensor.
    __array_priority__ = 1000

    def __init__(self, data=None):
        from ._creation import tensor
        made = tensor([] if data is None else data, dtype=types.get_default_dtype())
        self._handle = lib.owned(lib.retain(made._handle))

    def __del__(self, _release=_release):
        try:
            _release(self._handle)
        except AttributeError:
            pass  # it was never made

    # ---- What it is ----------------------------------------------------------------------------------------------

    @property
    def shape(self):
        return _Info(self._handle).shape

    @property
    def dtype(self):
        return _Info(self._handle).dtype

    @property
    def device(self):
        return types.device("cpu")

    layout = types.strided
    is_cuda = is_sparse = is_quantized = False

    @property
    def ndim(self):
        return len(_Info(self._handle).shape)

    @property
    def itemsize(self):
        return self.dtype.itemsize

    @property
    def nbytes(self):
        info = _Info(self._handle)
        return info.numel * info.dtype.itemsize

    def size(self, dim=None):
        shape = self.shape
        if dim is None:
            return shape
        return shape[self._dimension(dim, len(shape))]

    def stride(self, dim=None):
        strides = _Info(self._handle).strides
        return strides if dim is None else strides[self._dimension(dim, len(strides))]

    @staticmethod
    def _dimension(dim, rank):
        if not -rank <= dim < rank:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-max(rank, 1)}, {max(rank, 1) - 1}], but got {dim})")
        return dim

    def dim(self):
        return len(_Info(self._handle).shape)

    def numel(self):
        return _Info(self._handle).numel

    nelement = numel

    def element_size(self):
        return self.dtype.itemsize

    def storage_offset(self):
        return _Info(self._handle).offset

    def is_contiguous(self, memory_format=types.contiguous_format):
        if memory_format is types.contiguous_format:
            return bool(_Info(self._handle).flags & _IS_CONTIGUOUS)
        order = [0, *range(2, self.dim()), 1]
        return self.dim() == memory_format.code + 2 and self.permute(order).is_contiguous()

    def is_floating_point(self):
        return self.dtype.is_floating_point

    def is_complex(self):
        return self.dtype.is_complex

    def is_inference(self):
        return bool(_Info(self._handle).flags & _IS_INFERENCE)

    @property
    def _version(self):
        return _Info(self._handle).version

    def data_ptr(self):
        """The address of the first element; the memory does not move from now on."""
        address = lib.tensor_data(self._handle)
        return address if self.numel() else 0

    def _storage_identity(self):
        return _Info(self._handle).storage

    # ---- Reading -------------------------------------------------------------------------------------------------

    def item(self):
        """The one element as a Python number."""
        return values.one(lib.tensor_item, self._handle)

    def tolist(self):
        """The elements as nested lists of Python numbers."""
        source = self.detach()
        return (source.float() if source.dtype is types.bfloat16 else source).numpy().tolist()

    def __repr__(self):
        return values.one(lib.tensor_describe, self._handle)

    def __format__(self, form):
        return self.item().__format__(form) if form and self.dim() == 0 else object.__format__(self, form)

    def __bool__(self):
        if self.numel() == 0:
            raise RuntimeError("Boolean value of Tensor with no values is ambiguous")
        if self.numel() > 1:
            raise RuntimeError("Boolean value of Tensor with more than one value is ambiguous")
        return bool(self.item())

    def __float__(self):
        return float(self.item())

    def __int__(self):
        return int(self.item())

    def __complex__(self):
        return complex(self.item())

    def __index__(self):
        if self.dtype.is_floating_point or self.dtype.is_complex or self.numel() != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __len__(self):
        shape = self.shape
        if not shape:
            raise TypeError("len() of a 0-d tensor")
        return shape[0]

    def __iter__(self):
        if not self.shape:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __contains__(self, element):
        return bool((element == self).any())

    __hash__ = object.__hash__

    # ---- Memory shared with others -------------------------------------------------------------------------------

    def numpy(self, *, force=False):
        """The elements as a NumPy array on the same memory; with `force`, a copy where that is not possible."""
        from ._numpy import array_of
        if force:
            return array_of(self.detach().resolve_conj().resolve_neg())
        return array_of(self)

    def __array__(self, dtype=None, copy=None):
        array = self.numpy()
        converted = array if dtype is None else array.astype(dtype, copy=False)
        if copy is False and converted is not array:
            raise ValueError("Unable to avoid copy while creating an array as requested.")
        return converted.copy() if copy and converted is array else converted

    def __array_wrap__(self, array, context=None, return_scalar=False):
        from ._creation import as_tensor
        return as_tensor(array)

    def __dlpack__(self, *, stream=None, max_version=None, dl_device=None, copy=None):
        from . import _dlpack
        return _dlpack.capsule(self, stream, max_version, dl_device, copy)

    def __dlpack_device__(self):
        from . import _dlpack
        return _dlpack.CPU

    # ---- Gradients -----------------------------------------------------------------------------------------------

    @property
    def requires_grad(self):
        return bool(_Info(self._handle).flags & _REQUIRES_GRAD)

    @requires_grad.setter
    def requires_grad(self, value):
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad=True):
        lib.check(lib.tensor_set_requires_grad(self._handle, bool(requires_grad)))
        return self

    @property
    def is_leaf(self):
        return bool(_Info(self._handle).flags & _IS_LEAF)

    @property
    def grad(self):
        """The gradient collected in this leaf, or None; the same object until there is another one."""
        found = ctypes.c_uint64()
        lib.check(lib.tensor_grad(self._handle, ctypes.byref(found)))
        if not found.value:
            self._gradient = None
            return None
        gradient = made(found.value)
        known = getattr(self, "_gradient", None)
        if known is not None and _Info(known._handle).identity == _Info(gradient._handle).identity:
            return known
        self._gradient = gradient
        return gradient

    @grad.setter
    def grad(self, value):
        if value is not None and not isinstance(value, Tensor):
            raise TypeError(f"assigned grad has data of a different type: expected Tensor or None, got {type(value).__name__}")
        lib.check(lib.tensor_set_grad(self._handle, 0 if value is None else value._handle))
        self._gradient = value

    @grad.deleter
    def grad(self):
        self.grad = None

    @property
    def grad_fn(self):
        """The recorded call that made the tensor, or None."""
        name = values.one(lib.tensor_grad_fn, self._handle)
        return None if name is None else GradientFunction(name)

    def backward(self, gradient=None, retain_graph=None, create_graph=False):
        """Adds the gradients of this tensor to the leaves it depends on."""
        from . import autograd
        autograd.backward(self, gradient, retain_graph, create_graph)

    def retain_grad(self):
        lib.check(lib.tensor_retain_grad(self._handle))

    def register_hook(self, hook):
        """Calls `hook` with the gradient whenever one is computed; what it returns takes its place."""
        from . import autograd
        return autograd.register_hook(self, hook)

    @property
    def data(self):
        """The tensor on the same memory, outside of the graph."""
        return self.detach()

    @data.setter
    def data(self, source):
        lib.check(lib.tensor_set_data(self._handle, source._handle))

    # ---- Conversions ---------------------------------------------------------------------------------------------

    def to(self, *arguments, **keywords):
        """The tensor with another dtype, device or memory format; itself where nothing changes."""
        dtype, form = keywords.pop("dtype", None), keywords.pop("memory_format", None)
        copy, device = keywords.pop("copy", False), keywords.pop("device", None)
        keywords.pop("non_blocking", None)
        for value in arguments:
            if isinstance(value, Tensor):
                dtype = value.dtype
            elif types.as_dtype(value):
                dtype = types.as_dtype(value)
            elif isinstance(value, types.memory_format):
                form = value
            elif isinstance(value, (str, types.device, int)) and not isinstance(value, bool):
                device = value
        if keywords:
            raise TypeError(f"to() got an unexpected keyword argument '{next(iter(keywords))}'")
        if device is not None and types.device(device).type != "cpu":
            return self._aten("to").device(self, device, dtype or self.dtype)
        return self._aten("to").dtype(self, types.as_dtype(dtype) or self.dtype, False, copy, form)

    @staticmethod
    def _aten(name):
        return operators.find(name)

    def type(self, dtype=None):
        if dtype is None:
            names = {"float32": "Float", "float64": "Double", "int64": "Long", "int32": "Int", "int16": "Short", "int8": "Char",
                     "uint8": "Byte", "bool": "Bool", "float16": "Half", "bfloat16": "BFloat16",
                     "complex64": "ComplexFloat", "complex128": "ComplexDouble"}
            return f"torch.{names[self.dtype.name]}Tensor"
        return self.to(dtype)

    def cpu(self):
        return self

    def cuda(self, device=None):
        return self.to(types.device("cuda", device))

    def float(self):
        return self.to(types.float32)

    def double(self):
        return self.to(types.float64)

    def half(self):
        return self.to(types.float16)

    def bfloat16(self):
        return self.to(types.bfloat16)

    def long(self):
        return self.to(types.int64)

    def int(self):
        return self.to(types.int32)

    def short(self):
        return self.to(types.int16)

    def char(self):
        return self.to(types.int8)

    def byte(self):
        return self.to(types.uint8)

    def bool(self):
        return self.to(types.bool_)

    def type_as(self, other):
        return self.to(other.dtype)

    def new_tensor(self, data, *, dtype=None, requires_grad=False):
        from ._creation import tensor
        return tensor(data, dtype=dtype or self.dtype, requires_grad=requires_grad)

    def __copy__(self):
        return self.detach().requires_grad_(self.requires_grad)

    def __deepcopy__(self, memo):
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment.")
        copy = memo[id(self)] = self.detach().clone().requires_grad_(self.requires_grad)
        return copy

    def __reduce__(self):
        from ._creation import rebuilt
        source = self.detach()
        array = (source.view(types.int16) if source.dtype is types.bfloat16 else source).numpy()
        return rebuilt, (array, self.dtype, self.requires_grad)

    # ---- Subscripts ----------------------------------------------------------------------------------------------

    def __getitem__(self, index):
        block, count = _terms(index)
        return made(lib.owned(lib.tensor_subscript(self._handle, block, count, len(block))))

    def __setitem__(self, index, value):
        if isinstance(value, Tensor):
            source = (TENSOR, value._handle, 0)
        else:
            source = _number(value)
            if source is None:
                from ._creation import as_tensor
                value = as_tensor(value, dtype=self.dtype)
                source = (TENSOR, value._handle, 0)
        block, count = _terms(index)
        lib.check(lib.tensor_assign(self._handle, block, count, len(block), values.pack([source])))

    # ---- Operators as methods ------------------------------------------------------------------------------------

    def __getattr__(self, name):
        operator = None if name.startswith("__") else operators.find(name)
        if operator is None or not operator.takes_self():
            raise AttributeError(f"'Tensor' object has no attribute '{name}'")
        setattr(Tensor, name, operator.function)
        return getattr(self, name)

    @property
    def T(self):
        return operators.find("numpy_T")(self)

    @property
    def mT(self):
        return operators.find("mT")(self)

    @property
    def H(self):
        return operators.find("matrix_H")(self)

    @property
    def mH(self):
        return operators.find("mH")(self)

    @property
    def real(self):
        return operators.find("real")(self)

    @property
    def imag(self):
        return operators.find("imag")(self)


class GradientFunction:
    """The node of a recorded call, by name."""

    __slots__ = ("_name",)

    def __init__(self, name):
        self._name = name

    def name(self):
        return self._name

    def __repr__(self):
        return f"<{self._name}>"


def made(handle, _new=object.__new__):
    """The tensor of a handle that is ours from now on."""
    tensor = _new(Tensor)
    tensor._handle = handle
    return tensor


operators.set_tensor_class(Tensor, made)


# ---- Terms of subscripts --------------------------------------------------------------------------------------------


def _number(value):
    from ._schemas import _number
    return _number(value)


def _bound(value):
    return (NONE, 0, 0) if value is None else (INT, value.__index__(), 0)


def _terms(index):
    """A subscript as the library takes it, and how many terms it has; the tensors in it live as long as the caller's."""
    if isinstance(index, list) and any(isinstance(each, (slice, type(Ellipsis), type(None), list)) for each in index):
        warnings.warn("Using a non-tuple sequence for multidimensional indexing is deprecated; use x[tuple(seq)]", stacklevel=3)
    terms = index if isinstance(index, tuple) else (index,)
    kept, packed = [], []
    for term in terms:
        if isinstance(term, (bool, np.bool_)):
            packed.append((BOOL, int(term), 0))
        elif isinstance(term, (int, np.integer)):
            packed.append((INT, int(term), 0))
        elif isinstance(term, slice):
            packed.append((TUPLE, [_bound(term.start), _bound(term.stop), _bound(term.step)], 0))
        elif term is Ellipsis:
            packed.append((STRING, b"...", 0))
        elif term is None:
            packed.append((NONE, 0, 0))
        else:
            if not isinstance(term, Tensor):
                term = _index_tensor(term)
            kept.append(term)
            packed.append((TENSOR, term._handle, 0))
    block = _Block(values.pack(packed))
    block.kept = kept
    return block, len(terms)


class _Block(bytes):
    """Packed values with what they speak of."""


def _index_tensor(term):
    from ._creation import tensor
    if not isinstance(term, (list, tuple, range, np.ndarray)):
        raise IndexError(
            "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices "
            f"(got {type(term).__name__})")
    made = tensor(list(term) if isinstance(term, range) else term)
    return made if made.numel() or made.dtype is not types.get_default_dtype() else made.long()


# ---- Python's operators --------------------------------------------------------------------------------------------------


def _operand(value):
    """What can stand beside a tensor: tensors and numbers, and arrays as tensors. None for anything else."""
    if isinstance(value, (Tensor, int, float, complex, np.number, np.bool_)):
        return value
    if isinstance(value, np.ndarray):
        from ._creation import as_tensor
        return as_tensor(value)
    return None


def _binary(name):
    call = operators.find(name).function

    def method(self, other):
        other = _operand(other)
        return NotImplemented if other is None else call(self, other)
    method.__name__ = method.__qualname__ = name
    return method


def _reflected(name):
    call = operators.find(name).function

    def method(self, other):
        other = _operand(other)
        return NotImplemented if other is None else call(other, self)
    return method


def _reverse_divided(self, other):
    other = _operand(other)
    return NotImplemented if other is None else self.reciprocal() * other


for _method, _name in {
        "add": "add", "radd": "add", "sub": "sub", "rsub": "rsub", "mul": "mul", "rmul": "mul", "truediv": "div",
        "floordiv": "floor_divide", "mod": "remainder", "pow": "pow", "matmul": "matmul", "and": "bitwise_and",
        "or": "bitwise_or", "xor": "bitwise_xor", "rand": "bitwise_and", "ror": "bitwise_or", "rxor": "bitwise_xor",
        "lshift": "bitwise_left_shift", "rshift": "bitwise_right_shift", "eq": "eq", "ne": "ne", "lt": "lt", "le": "le",
        "gt": "gt", "ge": "ge", "iadd": "add_", "isub": "sub_", "imul": "mul_", "itruediv": "div_",
        "ifloordiv": "floor_divide_", "imod": "remainder_", "ipow": "pow_", "iand": "bitwise_and_", "ior": "bitwise_or_",
        "ixor": "bitwise_xor_",
}.items():
    setattr(Tensor, f"__{_method}__", _binary(_name))
for _method, _name in {"rfloordiv": "floor_divide", "rmod": "remainder", "rpow": "pow", "rmatmul": "matmul"}.items():
    setattr(Tensor, f"__{_method}__", _reflected(_name))
for _method, _name in {"neg": "neg", "pos": "positive", "abs": "abs", "invert": "bitwise_not"}.items():
    setattr(Tensor, f"__{_method}__", operators.find(_name).function)
Tensor.__rtruediv__ = _reverse_divided
# Defining `==` after the class leaves the hash alone, which is that of the object.
