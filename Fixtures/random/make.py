"""Makes cases.json: what PyTorch draws, and states of its generator.

Run with a Python that has PyTorch: python3 make.py

A draw has the operation, its arguments, dtype, shape, layout and seed; `head` its first values (hexadecimal floating
point, or integers), `hash` the FNV-1a hash of all of them, row-major, as float64 or int64, and `next` the integer that
`random_` gives after it, which tells that the draw took as much from the generator as PyTorch's.
"""

import base64
import json
import os

import torch
import torch.nn.functional as F

cases = []


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return str(value)


def summary(tensor):
    plain = tensor.detach().double() if tensor.is_floating_point() else tensor.long()
    flat = plain.contiguous().reshape(-1)
    head = [v.hex() if isinstance(v, float) else str(v) for v in flat[:6].tolist()]
    return head, fnv(flat.numpy().tobytes())


def target(shape, dtype, layout):
    if layout == "transposed":
        return torch.zeros(list(reversed(shape)), dtype=dtype).permute(*reversed(range(len(shape))))
    if layout == "stepped":
        return torch.zeros(shape[:-1] + [2 * shape[-1]], dtype=dtype)[..., ::2]
    return torch.zeros(shape, dtype=dtype)


def add(op, body, args=(), dtype=torch.float32, shape=(5,), layout="contiguous", seeds=(0, 1234567890123)):
    for seed in seeds:
        torch.manual_seed(seed)
        head, whole = summary(body(target(list(shape), dtype, layout)))
        after = torch.empty(1, dtype=torch.int64).random_().item()
        cases.append(dict(
            op=op, args=[float(a) for a in args], dtype=str(dtype)[6:], shape=list(shape), layout=layout, seed=seed,
            head=head, hash=whole, next=str(after)))


floats = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
shapes = [(1,), (15,), (16,), (17,), (40, 100), (3, 5)]
layouts = [((3, 4), "transposed"), ((6, 8), "transposed"), ((2, 3, 4), "transposed"), ((3, 5), "stepped"), ((8, 7), "stepped")]
where = [(s, "contiguous") for s in shapes] + layouts

for dtype in floats:
    for shape, layout in where:
        add("uniform_", lambda x: x.uniform_(), (0, 1), dtype, shape, layout, seeds=(0,))
        add("uniform_", lambda x: x.uniform_(-2.5, 3), (-2.5, 3), dtype, shape, layout, seeds=(7,))
        add("normal_", lambda x: x.normal_(), (0, 1), dtype, shape, layout, seeds=(0,))
        add("normal_", lambda x: x.normal_(1.5, 0.3), (1.5, 0.3), dtype, shape, layout, seeds=(7,))
        add("exponential_", lambda x: x.exponential_(1.5), (1.5,), dtype, shape, layout, seeds=(3,))
    add("rand", lambda x: torch.rand(x.shape, dtype=x.dtype), (), dtype, (33,))
    for n in (1, 9, 15, 16, 31, 1040):
        add("randn", lambda x: torch.randn(x.shape, dtype=x.dtype), (), dtype, (n,))
    for p in (0.1, 0.5, 0.9):
        add("dropout", lambda x: F.dropout(x + 1, p), (p,), dtype, (7, 9))
    for shape in [(3, 4, 5), (2, 6, 3, 3)]:
        add("feature_dropout", lambda x: torch.feature_dropout(x + 1, 0.4, True), (0.4,), dtype, shape)
    add("bernoulli", lambda x: torch.bernoulli(x + 0.3), (0.3,), dtype, (50,))
    add("bernoulli", lambda x: torch.bernoulli(x + 0.3), (0.3,), dtype, (6, 8), "transposed")

for dtype in floats + [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool]:
    for shape, layout in [((50,), "contiguous"), ((6, 8), "transposed"), ((3, 5), "stepped")]:
        add("bernoulli_", lambda x: x.bernoulli_(0.3), (0.3,), dtype, shape, layout, seeds=(5,))
        add("random_", lambda x: x.random_(), (), dtype, shape, layout, seeds=(5,))
        if dtype != torch.bool:
            add("random_from_to", lambda x: x.random_(3, 100), (3, 100), dtype, shape, layout, seeds=(5,))
for low, high in [(0, 1), (-5, 5), (0, 2**28 - 1), (0, 2**28), (0, 2**31), (-(2**40), 2**40), (0, 2**53)]:
    add("random_from_to", lambda x: x.random_(low, high), (low, high), torch.int64, (20,))
add("random_full", lambda x: x.random_(-(2**63), None), (), torch.int64, (20,))
for n in (0, 1, 2, 17, 1000):
    add("randperm", lambda x: torch.randperm(n), (n,), torch.int64, (1,))
    add("randperm", lambda x: torch.randperm(n, dtype=torch.int32), (n,), torch.int32, (1,))

# States after an odd draw: one with a normal number held back, one in the middle of the engine's block.
states = []
for seed, held in ((0, False), (42, True), (2**64 - 1, True)):
    torch.manual_seed(seed)
    torch.rand(7)
    if held:
        torch.randn(3)
    state = torch.get_rng_state()
    first = torch.randn(5, dtype=torch.float64)
    more = torch.rand(700, dtype=torch.float64)
    states.append(dict(
        seed=str(seed), held=held, state=base64.b64encode(state.numpy().tobytes()).decode(),
        randn=summary(first)[0][:5], hash=summary(more)[1],
        after=base64.b64encode(torch.get_rng_state().numpy().tobytes()).decode()))

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases.json"), "w") as file:
    json.dump({"cases": cases, "states": states}, file, separators=(",", ":"))
    file.write("\n")
