"""Makes cases.json: tensors and the text that PyTorch prints for each.

Run with a Python that has PyTorch: python3 make.py

A case is {dtype, shape, values, text, options?, requires_grad?}. Values are the elements row-major: integers as
numbers, floating point ones as the hexadecimal bits of a double (a pair for complex numbers), or, where there are too
many, {"arange": n} / {"linspace": [a, b, n]} in that dtype. Options are set_printoptions'.
"""

import json
import math
import random
import struct

import torch

random.seed(7)
torch.manual_seed(7)
inf, nan = math.inf, math.nan
cases = []

DTYPES = ["uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64",
          "complex128", "bool"]
FLOATS = ["float16", "bfloat16", "float32", "float64"]


def bits(value):
    return struct.pack(">d", value).hex()


def encode(tensor):
    flat = tensor.reshape(-1).tolist()
    if tensor.dtype.is_complex:
        return [[bits(z.real), bits(z.imag)] for z in flat]
    if tensor.dtype.is_floating_point:
        return [bits(v) for v in flat]
    return [int(v) for v in flat]


def add(tensor, options=None, values=None, requires_grad=False):
    if options:
        torch.set_printoptions(**options)
    shown = tensor.detach().clone()
    shown.requires_grad_(requires_grad)
    case = {"dtype": str(tensor.dtype).split(".")[1], "shape": list(tensor.shape),
            "values": values if values is not None else encode(tensor), "text": str(shown)}
    if options:
        case["options"] = options
        torch.set_printoptions(profile="default")
    if requires_grad:
        case["requires_grad"] = True
    cases.append(case)


def sample(shape, dtype, kind):
    n = math.prod(shape)
    dt = getattr(torch, dtype)
    if dt == torch.bool:
        return torch.tensor([random.random() < 0.5 for _ in range(n)], dtype=dt).reshape(shape)
    if dt.is_complex:
        return torch.complex(sample(shape, "float64", kind), sample(shape, "float64", kind)).to(dt)
    if not dt.is_floating_point:
        info = torch.iinfo(dt)
        low, high = {"small": (0, 9), "signed": (-99, 99), "wide": (info.min, info.max)}.get(kind, (0, 100))
        low = max(low, info.min)
        high = min(high, info.max)
        return torch.tensor([random.randint(low, high) for _ in range(n)], dtype=dt).reshape(shape)
    values = []
    for _ in range(n):
        x = random.gauss(0, 1)
        if kind == "small":
            x = float(round(x * 5))
        elif kind == "wide":
            x = x * 10 ** random.randint(-7, 7)
        elif kind == "large":
            x = float(round(x * 1e9))
        elif kind == "tiny":
            x = x * 1e-6
        elif kind == "special":
            x = random.choice([inf, -inf, nan, 0.0, -0.0, x])
        elif kind == "nonfinite":
            x = random.choice([inf, -inf, nan, 0.0, -0.0])
        values.append(x)
    return torch.tensor(values, dtype=torch.float64).to(dt).reshape(shape)


SHAPES = [(), (1,), (3,), (17,), (40,), (2, 3), (3, 1), (1, 4), (2, 30), (2, 2, 3), (1, 2, 1, 2), (2, 1, 2, 1, 2)]
for dtype in DTYPES:
    for shape in SHAPES:
        add(sample(shape, dtype, "signed"))
    for kind in ["small", "wide"]:
        for shape in [(), (5,), (3, 4)]:
            add(sample(shape, dtype, kind))
    for shape in [(0,), (0, 3), (2, 0, 4), (0, 0)]:
        add(torch.zeros(shape, dtype=getattr(torch, dtype)))
    if dtype != "bool":
        add(torch.zeros((2, 2), dtype=getattr(torch, dtype)))
for dtype in FLOATS + ["complex64", "complex128"]:
    for kind in ["large", "tiny", "special", "nonfinite"]:
        for shape in [(), (4,), (25,), (3, 5)]:
            add(sample(shape, dtype, kind))

# The edges of the notation rules.
for values in [[1e-4, 1.0], [9.9e-5, 1.0], [1e8], [1.1e8], [1.0, 1000.0], [1.0, 1001.0], [1.5, 1500.0], [1.5, 1501.0],
               [0.0, -0.0], [1.0, inf], [1.5, nan], [-1.5, nan, inf], [123456.0, 1.0], [99999999.0], [1e10, 1.0, 0.0],
               [0.5, 2.5], [2.5, 3.5, -0.5], [0.00005], [12345.678], [1e-30, 1e30], [5e-324], [1.7976931348623157e308],
               [9.99995, 1.0], [0.99995], [-0.00004, 1.0], [1e5, 1e5 + 0.5], [16777216.0, 3.0]]:
    for dtype in ["float32", "float64"]:
        add(torch.tensor(values, dtype=torch.float64).to(getattr(torch, dtype)))

# Gradients and the suffixes that no longer fit.
for shape in [(), (2,), (12,), (3, 9), (0,), (0, 2)]:
    for dtype in ["float32", "float64", "float16", "complex64"]:
        add(sample(shape, dtype, "signed"), requires_grad=True)
for n in range(6, 16):
    add(torch.arange(n, dtype=torch.int32) * 1000)
    add(torch.arange(n, dtype=torch.float64) / 7, requires_grad=True)

# Summarised.
for n in [1000, 1001, 2000]:
    add(torch.arange(n), values={"arange": n})
    add(torch.arange(n, dtype=torch.float32), values={"arange": n})
for shape in [(40, 40), (2, 600), (600, 2), (7, 7, 30), (3, 4, 100), (1, 1, 2000), (6, 6, 6, 6), (7, 7, 7, 7), (1001, 1)]:
    n = math.prod(shape)
    for dtype in ["int64", "float32", "float64", "int16", "complex64"]:
        add(torch.arange(n).to(getattr(torch, dtype)).reshape(shape), values={"arange": n})
add(torch.linspace(0, 1, 5000, dtype=torch.float64), values={"linspace": [0, 1, 5000]})
add(torch.linspace(-1000, 1000, 1111, dtype=torch.float64).reshape(11, 101), values={"linspace": [-1000, 1000, 1111]})
add(torch.arange(1200) > 600, values=[int(i > 600) for i in range(1200)])

# Options.
OPTIONS = [{"precision": 2}, {"precision": 0}, {"precision": 8}, {"threshold": 5}, {"threshold": 5, "edgeitems": 1},
           {"threshold": 0, "edgeitems": 0}, {"linewidth": 30}, {"linewidth": 10}, {"linewidth": 200},
           {"sci_mode": True}, {"sci_mode": False}, {"sci_mode": True, "precision": 2}, {"edgeitems": 0},
           {"threshold": 10, "edgeitems": 2, "linewidth": 40}]
for options in OPTIONS:
    for dtype in ["float32", "float64", "int64", "complex64", "bool", "int8"]:
        for shape, kind in [((), "signed"), ((8,), "signed"), ((4, 9), "wide"), ((2, 3, 3), "small")]:
            add(sample(shape, dtype, kind), options)

with open(__file__.replace("make.py", "cases.json"), "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
print(len(cases), "cases")
