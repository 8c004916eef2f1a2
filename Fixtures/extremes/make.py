"""Makes Fixtures/extremes/cases.json from real PyTorch: who gets the gradient where operands are equal, NaN or at a bound.

Run with a Python that has torch: python Fixtures/extremes/make.py
"""
import itertools, json, math, os
import torch

here = os.path.dirname(os.path.abspath(__file__))
VALUES = [-1.0, 0.0, 1.0, 2.0, math.nan, math.inf]


def numbers(x):
    """JSON has no infinities."""
    return [v if math.isfinite(v) else ("nan" if math.isnan(v) else "inf" if v > 0 else "-inf") for v in x]


def case(op, name, columns):
    """`name` on columns of operands; None stands for an absent one."""
    leaves = [None if c is None else torch.tensor(c, dtype=torch.float64, requires_grad=True) for c in columns]
    y = op(*leaves)
    given = [x for x in leaves if x is not None]
    weight = torch.arange(1.0, y.numel() + 1, dtype=torch.float64)
    grads = torch.autograd.grad(y, given, weight)
    return {"op": name, "operands": [None if c is None else numbers(c) for c in columns], "value": numbers(y.tolist()),
            "grads": [numbers(g.tolist()) for g in grads]}


aten = torch.ops.aten
pairs = [list(c) for c in zip(*itertools.product(VALUES, VALUES))]
triples = [list(c) for c in zip(*itertools.product(VALUES, VALUES, VALUES))]
cases = [case(getattr(aten, n), "aten::" + n, pairs) for n in ("maximum", "minimum", "fmax", "fmin")]
cases += [case(aten.clamp_min.Tensor, "aten::clamp_min.Tensor", pairs), case(aten.clamp_max.Tensor, "aten::clamp_max.Tensor", pairs)]
cases += [case(aten.clamp.Tensor, "aten::clamp.Tensor", triples), case(aten.clamp.Tensor, "aten::clamp.Tensor", pairs + [None]),
          case(lambda x, a, b: aten.clamp.Tensor(x, None, b), "aten::clamp.Tensor", [pairs[0], None, pairs[1]])]
numbers_cases = []
for low, high in ((0.0, 1.0), (0.0, None), (None, 1.0), (1.0, 0.0)):
    x = torch.tensor(VALUES, dtype=torch.float64, requires_grad=True)
    y = torch.clamp(x, low, high)
    numbers_cases.append({"low": low, "high": high, "value": numbers(y.tolist()), "grad": numbers(torch.autograd.grad(y.sum(), x)[0].tolist())})
json.dump({"values": numbers(VALUES), "tensors": cases, "numbers": numbers_cases}, open(os.path.join(here, "cases.json"), "w"), indent=0)
print(len(cases), "operators, torch", torch.__version__)
