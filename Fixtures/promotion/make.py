"""Makes table.json: the dtype of a + b in PyTorch, for all dtypes and kinds of operands.

Run with a Python that has PyTorch: python3 make.py

A kind is "dimensioned", "zero" (no dimensions) or "number" (a Python number of the dtype's category). Rows are
[kind of a, dtype of a, kind of b, dtype of b, dtype of a + b, dtype of a * b, dtype of a / b]; null where PyTorch refuses
or has no such kernel. `defaults` repeats the rows with a number under the default dtype float64.
"""

import json
import os

import torch

names = ["uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64", "complex128", "bool"]
numbers = {"bool": True, "int64": 2, "float64": 1.5, "complex128": 1 + 2j}


def operands():
    for name in names:
        for kind in ("dimensioned", "zero"):
            yield kind, name, torch.ones([2] if kind == "dimensioned" else [], dtype=getattr(torch, name))
    for name, number in numbers.items():
        yield "number", name, number


def kind_of(body):
    try:
        result = str(body().dtype)[6:]
        return result if result in names else None
    except (RuntimeError, TypeError):
        return None


def rows():
    table = []
    for ka, na, a in operands():
        for kb, nb, b in operands():
            if ka == "number" and kb == "number":
                continue
            table.append([ka, na, kb, nb, kind_of(lambda: a + b), kind_of(lambda: a * b), kind_of(lambda: a / b)])
    return table


plain = rows()
torch.set_default_dtype(torch.float64)
defaults = [row for row in rows() if "number" in (row[0], row[2])]
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "table.json"), "w") as file:
    file.write("{\"rows\": [\n" + ",\n".join(json.dumps(r) for r in plain) + "\n], \"defaults\": [\n")
    file.write(",\n".join(json.dumps(r) for r in defaults) + "\n]}\n")
