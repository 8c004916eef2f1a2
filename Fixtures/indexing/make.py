"""Makes cases.json: subscripts of tensors, read, assigned and differentiated by PyTorch.

Run with a Python that has PyTorch: python3 make.py

The indexed tensor is arange(n).reshape(shape), or its transposed where the case says so. A term is an integer,
{"slice": [start, end, step]}, "...", null (a new axis), true or false, {"index": values, "shape": sizes} or
{"mask": values, "shape": sizes}. A case has `read` (sizes and values, or an error), and where that worked
`written`: the whole after assigning `value` (a number, or {"values", "shape"}), or an error; and `gradient`: of
sum(x[terms] * w) with w = 1, 2, 3, …, and `assigned`: the gradients of x and of the value of y = x.clone();
y[terms] = value; sum(y * w).
"""

import itertools
import json
import random

import torch

random.seed(3)
cases = []


def encode(term):
    if term is Ellipsis:
        return "..."
    if isinstance(term, slice):
        return {"slice": [term.start, term.stop, term.step]}
    if isinstance(term, torch.Tensor):
        kind = "mask" if term.dtype == torch.bool else "index"
        return {kind: [int(v) for v in term.reshape(-1).tolist()], "shape": list(term.shape)}
    return term


def whole(tensor):
    return {"shape": list(tensor.shape), "values": [float(v) for v in tensor.reshape(-1).tolist()]}


def attempt(body):
    try:
        return body()
    except (IndexError, RuntimeError, ValueError) as error:
        return {"error": str(error).split("\n")[0]}


def weights(tensor):
    return torch.arange(1.0, tensor.numel() + 1, dtype=torch.float64).reshape(tensor.shape)


def add(shape, terms, transposed=False, value=None):
    n = 1
    for size in shape:
        n *= size

    def fresh(dtype=torch.int64):
        x = torch.arange(n, dtype=dtype).reshape(shape)
        return x.transpose(0, -1) if transposed else x

    key = tuple(terms) if len(terms) != 1 else terms[0]
    case = {"shape": list(shape), "terms": [encode(t) for t in terms], "transposed": transposed}
    case["read"] = attempt(lambda: whole(fresh()[key]))
    cases.append(case)
    if "error" in case["read"]:
        return
    if value is None:
        value = random.choice(["number", "tensor", "tensor", "broadcast"])
    part = fresh()[key]
    if value == "number":
        value = -7
        given = -7
    elif value == "tensor" or part.dim() == 0:
        given = -torch.arange(1, part.numel() + 1).reshape(part.shape)
    elif value == "broadcast":
        sizes = [1 if random.random() < 0.5 else s for s in part.shape]
        while sizes and sizes[0] == 1 and random.random() < 0.5:
            sizes.pop(0)
        given = -torch.arange(1, int(torch.tensor(sizes).prod()) + 1).reshape(sizes) if sizes else torch.tensor(-1)
    else:
        given = value
    case["value"] = whole(given) if isinstance(given, torch.Tensor) else given

    def write():
        x = fresh()
        x[key] = given
        return whole(x)

    case["written"] = attempt(write)
    if "error" in case["written"]:
        return
    # Repeated indices leave open which value stays; what index_put does with them has no gradient to compare.
    positions = fresh()[key].reshape(-1).tolist()
    x = fresh(torch.float64).clone().requires_grad_(True)
    (x[key] * weights(part)).sum().backward()
    case["gradient"] = whole(x.grad)
    if len(set(positions)) < len(positions):
        del case["written"]
        return
    x = fresh(torch.float64).clone().requires_grad_(True)
    y = x.clone()
    if isinstance(given, torch.Tensor):
        v = given.double().requires_grad_(True)
        y[key] = v
    else:
        v = None
        y[key] = given
    (y * weights(y)).sum().backward()
    case["assigned"] = {"x": whole(x.grad), "value": None if v is None or v.grad is None else whole(v.grad)}


def term_for(size, kind):
    if kind == "int":
        return random.randrange(-size, size)
    if kind == "slice":
        start, stop = (random.choice([None, random.randint(-size - 1, size + 1)]) for _ in range(2))
        return slice(start, stop, random.choice([None, 1, 2, 3]))
    if kind == "all":
        return slice(None)
    if kind == "vector":
        return torch.tensor(random.sample(range(-size, 0), min(2, size)) if random.random() < 0.5
                            else [random.randrange(size) for _ in range(2)])
    if kind == "column":
        return torch.tensor([[random.randrange(size)] for _ in range(3)])
    if kind == "scalar":
        return torch.tensor(random.randrange(-size, size))
    if kind == "mask":
        return torch.tensor([random.random() < 0.6 for _ in range(size)])
    raise ValueError(kind)


# Views, systematically.
for terms in [(), (1,), (-1,), (slice(None),), (slice(1, None),), (slice(None, -1),), (slice(-2, None),),
              (slice(None, None, 2),), (1, 2), (slice(None), 2), (slice(0, 2), slice(1, 3)), (Ellipsis, 2), (None,),
              (None, 1), (slice(None), None), (slice(None), None, 1), (1, Ellipsis, None), (Ellipsis,), (None, Ellipsis),
              (slice(2, 1),), (slice(5, 9),), (0, slice(1, None, 2)), (None, None, 0, None, Ellipsis, None)]:
    for transposed in [False, True]:
        add((3, 4), terms, transposed)
        add((3, 4), terms, transposed, value="number")

# Index tensors and masks in every place among other terms.
kinds = ["int", "slice", "all", "vector", "column", "scalar", "mask"]
for first, second, third in itertools.product(kinds, repeat=3):
    if not {"vector", "column", "mask"} & {first, second, third}:
        continue
    shape = (3, 4, 2)
    terms = [term_for(size, kind) for size, kind in zip(shape, [first, second, third])]
    if random.random() < 0.25:
        terms.insert(random.randrange(4), None)
    add(shape, terms, transposed=random.random() < 0.3)
for _ in range(60):
    shape = tuple(random.randint(1, 4) for _ in range(4))
    count = random.randint(1, 4)
    terms = [term_for(size, random.choice(kinds)) for size in shape[:count]]
    if count < 4 and random.random() < 0.5:
        at = random.randrange(count + 1)
        terms = [term_for(size, random.choice(kinds)) for size in shape[:at]] + [Ellipsis] + [
            term_for(size, random.choice(kinds)) for size in shape[len(shape) - count + at:]]
    add(shape, terms)

# Masks of several dimensions, of none, and empty ones.
mask2 = torch.tensor([[True, False, True, True], [False, False, True, False], [True, True, False, False]])
for terms in [(mask2,), (mask2, 1), (mask2, slice(0, 1)), (mask2, None), (None, mask2), (Ellipsis, torch.tensor([True, False])),
              (mask2, torch.tensor([True, False])), (True,), (False,), (None, True), (True, 1), (mask2 & False,),
              (torch.tensor(True),), (torch.tensor(False), 0), (torch.zeros(0, dtype=torch.int64),),
              (slice(None), torch.zeros(0, dtype=torch.int64))]:
    for value in ["number", "tensor"]:
        add((3, 4, 2), terms, value=value)
add((3, 4, 2), (torch.ones(3, 4, 2, dtype=torch.bool),))
add((0, 3), (torch.zeros(0, dtype=torch.int64), 1))
add((2, 0), (slice(None), slice(None)))
add((), (Ellipsis,))
add((), (None,))
add((), (True,))

# Errors.
for shape, terms in [((3, 4), (3,)), ((3, 4), (-4,)), ((3, 4), (0, 4)), ((3, 4), (0, 0, 0)), ((), (0,)),
                     ((3, 4), (slice(None, None, -1),)), ((3, 4), (slice(None, None, 0),)), ((3, 4), (torch.tensor([3]),)),
                     ((3, 4), (slice(None), torch.tensor([0, -5]))), ((3, 4), (torch.tensor([0, 1]), torch.tensor([0, 1, 2]))),
                     ((3, 4), (torch.ones(2, 4, dtype=torch.bool),)), ((3, 4), (torch.ones(4, dtype=torch.bool),)),
                     ((3, 4), (torch.ones(3, 4, 1, dtype=torch.bool),)), ((3, 4), (0, torch.tensor([5])))]:
    add(shape, terms)
for terms, given in [((0,), torch.zeros(3, dtype=torch.int64)), ((torch.tensor([0, 1]),), torch.zeros(3, dtype=torch.int64)),
                     ((slice(0, 2), 1), torch.zeros(3, dtype=torch.int64)), ((0,), torch.zeros(1, 1, 4, dtype=torch.int64)),
                     ((torch.tensor([0, 1]),), torch.zeros(1, 1, 4, dtype=torch.int64))]:
    add((3, 4), terms, value=given)

with open(__file__.replace("make.py", "cases.json"), "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
print(len(cases), "cases,", sum("error" in c["read"] for c in cases), "refused")
