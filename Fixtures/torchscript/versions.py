"""Programs of older versions of the format: their operators have the meaning that they had then.

PyTorch writes today's operators only, so these are archives whose `version` is set back and whose text is what an old PyTorch
would have written: name -> (module, version, replacements in the text, calls).
"""
from typing import Optional

import torch
from torch import nn, Tensor
import torch.nn.functional as F


class Division(nn.Module):
    def forward(self, a: Tensor, b: Tensor, n: int, x: float):
        return torch.div(a, b), torch.div(a, n), torch.div(a, x), a / b, a / n, 7 / b, n / x

    @torch.jit.export
    def inplace(self, a: Tensor, b: Tensor, n: int):
        return a.clone().div_(b), a.clone().div_(n), a.clone().div_(b, rounding_mode="floor"), \
            a.clone().div_(n, rounding_mode="trunc")

    @torch.jit.export
    def modes(self, a: Tensor, b: Tensor, n: int, mode: Optional[str]):
        return torch.div(a, b, rounding_mode=mode), torch.div(a, n, rounding_mode=mode)

    @torch.jit.export
    def out(self, a: Tensor, b: Tensor, result: Tensor):
        torch.div(a, b, out=result)
        return result


class Full(nn.Module):
    def forward(self, n: int, x: float, flag: bool):
        return (torch.full([2], n), torch.full([2], x), torch.full([2], flag), torch.full([2], n, dtype=torch.long),
                torch.full([2], 5), torch.full([2], 1.5, dtype=torch.int32))


class Ranges(nn.Module):
    def forward(self, a: float, b: float, n: int):
        return torch.linspace(a, b, n), torch.logspace(a, b, n), torch.linspace(a, b, 7001), torch.logspace(0, 1, 7001)


class Gelu(nn.Module):
    def forward(self, x: Tensor):
        return F.gelu(x), torch.mul(x, 2)


def versions():
    integers, others = torch.tensor([7, -7, 5, 9]), torch.tensor([2, 2, -3, 4])
    floats = torch.tensor([7.0, -7.0, 5.5, 9.25])
    division = [("forward", [a, b, n, 2.5]) for a in (integers, floats) for b in (others, floats) for n in (2, -3)]
    division += [("inplace", [a, others, 2]) for a in (floats, integers)]
    division += [("modes", [a, others, 2, mode]) for a in (floats, integers) for mode in ("floor", "trunc")]
    division += [("modes", [floats, others, 2, None])]
    division += [("out", [a, others, result]) for a, result in
                 ((floats, torch.zeros(4)), (integers, torch.zeros(4)), (integers, torch.zeros(4, dtype=torch.long)))]
    without_steps = {", 7001": ""}
    gelu = {', approximate="none"': "", ", approximate='none'": ""}
    cases = {"full": (Full(), {}, [("forward", [3, 2.5, True])]),
             "ranges": (Ranges(), without_steps, [("forward", [0.0, 2.0, 5])]),
             "gelu": (Gelu(), gelu, [("forward", [floats])]), "division": (Division(), {}, division)}
    # The last old version of each, and the first that means today's operators.
    until = {"division": 4, "full": 5, "ranges": 8, "gelu": 10}
    made = {}
    for name, (module, changes, calls) in cases.items():
        for version in {3, until[name] - 1}:
            made[f"{name}_{version}"] = (module, version, changes, calls)
        made[f"{name}_{max(9, until[name])}"] = (module, max(9, until[name]), {}, calls)
    return made
