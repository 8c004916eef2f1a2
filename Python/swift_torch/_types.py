"""dtypes, devices, sizes: what PyTorch has beside tensors."""

import numpy as np

from . import _library as lib


class dtype:
    """The type of a tensor's elements; there is one object for each."""

    __slots__ = ("name", "code", "itemsize", "is_floating_point", "is_complex", "is_signed", "numpy")

    def __init__(self, name, code, numpy_type, itemsize):
        self.name = name
        self.code = code
        self.numpy = numpy_type and np.dtype(numpy_type)
        self.itemsize = itemsize
        self.is_floating_point = "float" in name
        self.is_complex = name.startswith("complex")
        self.is_signed = name not in ("uint8", "bool")

    def __repr__(self):
        return "torch." + self.name

    def __reduce__(self):
        return self.name

    def to_complex(self):
        return complex128 if self in (float64, complex128) else complex64

    def to_real(self):
        return {complex64: float32, complex128: float64}.get(self, self)


uint8 = dtype("uint8", 0, "u1", 1)
int8 = dtype("int8", 1, "i1", 1)
int16 = short = dtype("int16", 2, "i2", 2)
int32 = dtype("int32", 3, "i4", 4)
int64 = long = dtype("int64", 4, "i8", 8)
float16 = half = dtype("float16", 5, "f2", 2)
float32 = dtype("float32", 6, "f4", 4)
float64 = double = dtype("float64", 7, "f8", 8)
complex64 = cfloat = dtype("complex64", 9, "c8", 8)
complex128 = cdouble = dtype("complex128", 10, "c16", 16)
bool_ = dtype("bool", 11, "?", 1)
bfloat16 = dtype("bfloat16", 15, None, 2)

all_dtypes = [
    uint8, int8, int16, int32, int64, float16, float32, float64, complex64, complex128, bool_, bfloat16]
by_code = {each.code: each for each in all_dtypes}
by_numpy = {each.numpy: each for each in all_dtypes if each.numpy is not None}
# What Python's own types stand for where a dtype is expected.
by_python = {float: float64, int: int64, bool: bool_, complex: complex128}


def as_dtype(value):
    """The dtype that `value` stands for, or None."""
    if isinstance(value, dtype):
        return value
    return by_python.get(value) if isinstance(value, type) else None


class Size(tuple):
    """The sizes of a tensor."""

    __slots__ = ()

    def __repr__(self):
        return f"torch.Size([{', '.join(map(str, self))}])"

    def __getitem__(self, index):
        part = tuple.__getitem__(self, index)
        return Size(part) if isinstance(index, slice) else part

    def __add__(self, other):
        return Size(tuple.__add__(self, tuple(other)))

    def numel(self):
        """The product of the sizes."""
        product = 1
        for size in self:
            product *= size
        return product


class device:
    """Where a tensor's elements live."""

    __slots__ = ("type", "index")

    def __init__(self, kind, index=None):
        if isinstance(kind, device):
            kind, index = kind.type, kind.index
        if isinstance(kind, int):
            kind, index = "cuda", kind
        if ":" in kind:
            kind, text = kind.split(":", 1)
            if not text.isdecimal():
                raise RuntimeError(f"Invalid device string: '{kind}:{text}'")
            index = int(text)
        if kind not in ("cpu", "cuda", "meta"):
            raise RuntimeError(f"Expected one of cpu, cuda, meta device type at start of device string: {kind}")
        self.type = kind
        self.index = index

    def __str__(self):
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self):
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{index})"

    def __eq__(self, other):
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self):
        return hash((self.type, self.index))


class memory_format:
    """The order in which dimensions lie in memory."""

    __slots__ = ("name", "code")

    def __init__(self, name, code):
        self.name = name
        self.code = code

    def __repr__(self):
        return "torch." + self.name


contiguous_format = memory_format("contiguous_format", 0)
preserve_format = memory_format("preserve_format", 1)
channels_last = memory_format("channels_last", 2)
channels_last_3d = memory_format("channels_last_3d", 3)
memory_formats = [contiguous_format, preserve_format, channels_last, channels_last_3d]


class layout:
    """How elements are stored: in strides, always."""

    def __repr__(self):
        return "torch.strided"


strided = layout()


def get_default_dtype():
    """The dtype of floating point results that nothing else decides."""
    return by_code[lib.default_dtype()]


def set_default_dtype(value):
    """Sets the default floating point dtype of this process."""
    lib.check(lib.set_default_dtype(value.code))


def finfo(value=None):
    """The limits of a floating point dtype, as NumPy tells them; bfloat16 has no NumPy type."""
    return np.finfo((value or get_default_dtype()).to_real().numpy)


def iinfo(value):
    """The limits of an integer dtype."""
    return np.iinfo(value.numpy)
