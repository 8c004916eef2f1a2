"""Makes programs.json: values and gradients of small programs with views and in-place writes.

Run with a Python that has PyTorch: python3 make.py

Tests/TorchCoreTests/AutogradTests.swift has the same programs in Swift, under the same names. A program takes
x = [[1, 2, 3], [4, 5, 6]] and y = [[0.5, -1, 2]] (float64 leaves) and returns a tensor r; stored are r and the gradients
of sum(r * [1, 2, 3, ...]) by x and by y (null where there is none).
"""

import json
import os

import torch

programs = {}


def program(body):
    x = torch.tensor([[1.0, 2, 3], [4, 5, 6]], dtype=torch.float64, requires_grad=True)
    y = torch.tensor([[0.5, -1, 2]], dtype=torch.float64, requires_grad=True)
    r = body(x, y)
    w = torch.arange(1.0, r.numel() + 1, dtype=torch.float64).reshape(r.shape)
    (r * w).sum().backward()
    flat = lambda t: None if t is None else t.reshape(-1).tolist()
    programs[body.__name__] = dict(value=flat(r), x=flat(x.grad), y=flat(y.grad))


@program
def write_to_row(x, y):
    a = x * 2
    a[0].mul_(y[0])
    return a


@program
def write_to_row_then_read_view(x, y):
    a = x * 2
    row = a[1]
    row.mul_(y[0])
    return row * row


@program
def older_view_sees_the_write(x, y):
    a = x * 2
    column = a[:, 1]
    a[0].mul_(y[0])
    return column * 3


@program
def write_to_base_seen_by_view(x, y):
    a = x * 2
    row = a[1]
    a.mul_(y)
    return row.exp()


@program
def views_of_views(x, y):
    a = x.clone()
    a.t()[1:][:, 0].mul_(y[0, 1:])
    return a * a


@program
def two_writes_to_overlapping_views(x, y):
    a = x.clone()
    a[:, :2].mul_(y[0, :2])
    a[0, 1:].add_(y[0, 1:] * x[1, 1:])
    return a


@program
def copy_into_constant(x, y):
    a = torch.zeros(3, 3, dtype=torch.float64)
    a[:2].copy_(x)
    a[2] = y[0]
    return a * a


@program
def copy_broadcast(x, y):
    a = x * 1
    a.copy_(y)
    return a * x


@program
def diagonal_write(x, y):
    a = x[:, :2] * 1
    a.diagonal().mul_(y[0, :2])
    return a.exp()


@program
def write_through_reshape(x, y):
    a = x * 1
    a.view(-1)[::2].mul_(y[0])
    return a


@program
def fill_part(x, y):
    a = x * y
    a[:, 1].fill_(7)
    return a * a


@program
def zero_whole(x, y):
    a = x * y
    a.zero_()
    return a + y


@program
def scalar_assignment(x, y):
    a = x * y
    a[0, 1] = 9
    a[1] *= 3
    return a * x


@program
def mask_assignment(x, y):
    a = x * y
    a[x > 3] = y[0, 0]
    return a * a


@program
def in_place_chain(x, y):
    a = x * y
    a.mul_(2).add_(1).sub_(x * x).div_(2).add_(y, alpha=3)
    return a


@program
def write_between_uses(x, y):
    a = x + y
    b = a + 1
    a[0].mul_(2)
    return a + b


@program
def squeeze_expand_write(x, y):
    a = y.clone()
    a.squeeze(0)[1:].add_(x[0, :2])
    return a.expand(2, 3) * x


@program
def detached_write(x, y):
    a = x * 2
    a.detach()[0].mul_(5)
    return a + y


@program
def select_of_written_view(x, y):
    a = x * 1
    block = a[:, 1:]
    block.mul_(y[:, 1:])
    return block[1] * block[0]


@program
def chunk_and_cat(x, y):
    a, b, c = (x * y).chunk(3, 1)
    return torch.cat([c * a, b, b], 1)


@program
def unfold_overlapping(x, y):
    return x.reshape(-1).unfold(0, 3, 1) * y


@program
def as_strided_overlapping(x, y):
    return (x * 1).as_strided((4, 2), (1, 1), 1) ** 2


@program
def masked_fill(x, y):
    return (x * y).masked_fill_(x > 4, 2) * x


@program
def self_overlap_copy(x, y):
    a = x * 1
    a[:, 1:] = a[:, :2]
    return a * a


@program
def no_grad_write_to_constant_part(x, y):
    a = torch.ones(2, 3, dtype=torch.float64)
    a[0] = y[0]
    with torch.no_grad():
        a[1] = 4
    return a * x


@program
def addcmul_like(x, y):
    a = torch.zeros(2, 3, dtype=torch.float64)
    for i in range(3):
        a += x * y**i
    return a


with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs.json"), "w") as file:
    json.dump(programs, file, indent=0)
    file.write("\n")
