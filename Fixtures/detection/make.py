"""Torchvision's detection operators: results and gradients, for DetectionTests.

Writes cases.json beside itself: a list of {op, args, results, gradients}. A tensor is {shape, dtype, values}; gradients
(with ones + 0.1 * position as cotangent of the first result) belong to the tensor arguments marked "leaf".
"""
import json
import pathlib

import torch
import torchvision  # noqa: F401  (registers the operators)

g = torch.Generator().manual_seed(7)
rand = lambda *s: torch.rand(*s, generator=g)
randn = lambda *s: torch.randn(*s, generator=g)


def boxes(n, size, images=None):
    corner = rand(n, 2) * size * 0.7
    extent = rand(n, 2) * size * 0.6
    b = torch.cat([corner, corner + extent], 1)
    if images is None:
        return b
    return torch.cat([torch.randint(0, images, (n, 1), generator=g).float(), b], 1)


def dump(t):
    return {"shape": list(t.shape), "dtype": str(t.dtype).removeprefix("torch."), "values": [float(f"{v:.8g}") if isinstance(v, float) else v for v in t.flatten().tolist()]}


def case(op, *args, leaves=()):
    args = list(args)
    for i in leaves:
        args[i] = args[i].clone().requires_grad_()
    results = getattr(torch.ops.torchvision, op)(*args)
    results = list(results) if isinstance(results, (tuple, list)) else [results]
    gradients = []
    if leaves:
        first = results[0]
        cotangent = 1 + 0.1 * torch.arange(first.numel(), dtype=first.dtype).reshape(first.shape)
        gradients = [dump(t) for t in torch.autograd.grad(first, [args[i] for i in leaves], cotangent)]
    shown = [dict(dump(a.detach()), leaf=i in leaves) if isinstance(a, torch.Tensor) else a for i, a in enumerate(args)]
    return {"op": "torchvision::" + op, "args": shown, "results": [dump(r.detach()) for r in results], "gradients": gradients}


x = randn(2, 4, 9, 11)
r = torch.cat([boxes(5, 40, 2), torch.tensor([[0.0, -9, -9, 60, 60], [1, 7, 7, 7, 7], [1, 30, 30, 20, 20]])])
cases = [
    case("nms", boxes(60, 20), rand(60), 0.3),
    case("nms", boxes(30, 20).double(), rand(30).double(), 0.5),
    case("nms", boxes(6, 20), torch.tensor([0.5, 0.7, 0.5, 0.7, 0.5, 0.1]), 0.0),
    case("nms", torch.zeros(0, 4), torch.zeros(0), 0.5),
    case("roi_align", x, r, 0.25, 3, 2, 2, False, leaves=(0,)),
    case("roi_align", x, r, 0.25, 2, 3, 0, True, leaves=(0,)),
    case("roi_align", x, torch.zeros(0, 5), 0.25, 2, 3, 0, True),
    case("roi_align", x.double(), r.double(), 0.5, 4, 4, -1, True, leaves=(0,)),
    case("roi_align", x.permute(0, 1, 3, 2), r, 0.25, 3, 2, 1, False, leaves=(0,)),
    case("roi_pool", x, r, 0.25, 3, 2, leaves=(0,)),
    case("ps_roi_align", randn(2, 12, 9, 11), r, 0.25, 3, 2, 2, leaves=(0,)),
    case("ps_roi_align", randn(2, 12, 9, 11), r[:5], 0.25, 2, 2, 0, leaves=(0,)),
    # Inside the features only: torchvision's gradient counts a last row and column that its result leaves out.
    case("ps_roi_pool", randn(2, 12, 9, 11), boxes(5, 20, 2), 0.25, 3, 2, leaves=(0,)),
]


def deformable(n, c, out, h, w, k, stride, pad, dilation, groups, offset_groups, use_mask):
    size = [(s + 2 * p - (d * (q - 1) + 1)) // t + 1 for s, p, d, q, t in zip((h, w), pad, dilation, k, stride)]
    taps = k[0] * k[1]
    offset = 2 * randn(n, 2 * offset_groups * taps, *size)
    mask = rand(n, offset_groups * taps, *size) if use_mask else torch.zeros(n, 1)
    return case(
        "deform_conv2d", randn(n, c, h, w), randn(out, c // groups, *k), offset, mask, randn(out), *stride, *pad, *dilation,
        groups, offset_groups, use_mask, leaves=(0, 1, 2, 3, 4) if use_mask else (0, 1, 2, 4))


cases += [
    deformable(2, 4, 6, 7, 8, (3, 3), (1, 1), (1, 1), (1, 1), 1, 1, True),
    deformable(1, 4, 4, 9, 8, (3, 2), (2, 1), (1, 0), (1, 2), 2, 2, True),
    deformable(1, 2, 3, 6, 6, (2, 2), (1, 1), (0, 0), (1, 1), 1, 1, False),
]
path = pathlib.Path(__file__).parent / "cases.json"
path.write_text(json.dumps(cases))
print(path.name, len(cases), "cases")
