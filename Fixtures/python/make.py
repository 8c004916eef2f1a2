"""The files that the Python package's tests read: a scripted module, an ONNX model, and what PyTorch computes with them."""

import warnings
from pathlib import Path
from typing import Dict, List

import numpy as np
import torch

warnings.filterwarnings("ignore")
here = Path(__file__).resolve().parent
torch.manual_seed(0)


class Model(torch.nn.Module):
    calls: int
    labels: List[str]

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 4)
        self.norm = torch.nn.BatchNorm1d(4)
        self.calls = 0
        self.labels = ["cat", "dog"]

    def forward(self, x, scale: float = 1.0):
        if scale < 0:
            raise ValueError("scale must not be negative")
        return self.norm(self.linear(x)).relu() * scale

    @torch.jit.export
    def parts(self, xs: List[torch.Tensor], table: Dict[str, torch.Tensor], flag: bool = False):
        return [x + 1 for x in xs], {key: value * 2 for key, value in table.items()}, xs[0] if flag else xs[1]

    @torch.jit.export
    def describe(self, name: str, count: int) -> str:
        return "{} has {} inputs".format(name, count)


module = torch.jit.script(Model().eval())
module.save(str(here / "model.pt"))
x = torch.randn(2, 3)
expected = {"x": x, "y": module(x), "scaled": module(x, scale=2.0)}
linear = torch.nn.Linear(3, 4)
expected["linear"] = linear(x)
torch.onnx.export(
    linear, (x,), str(here / "model.onnx"), dynamo=False, input_names=["x"], output_names=["y"],
    dynamic_axes={"x": {0: "batch"}, "y": {0: "batch"}})
module.train()
optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
for _ in range(3):
    optimizer.zero_grad()
    module(x).square().sum().backward()
    optimizer.step()
expected["trained"] = module.eval()(x)
np.savez(here / "expected.npz", **{name: tensor.detach().numpy() for name, tensor in expected.items()})
