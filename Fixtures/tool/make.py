"""Makes the models that `swift-torch run` and `convert` are tried on, and what PyTorch says of them.

    python Fixtures/tool/make.py

Writes model.pt (TorchScript) with in.safetensors and out.safetensors beside it, its method's result scaled.safetensors,
nested.pt, whose arguments are nested, with its inputs by name and its results with and without the optional one,
and the same network as an ONNX file, network.onnx, with network.npz (inputs by name) and network.out.npz.
"""

import os
from typing import Dict, List, Optional, Tuple

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save_file

folder = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(0)


class Model(torch.nn.Module):
    """Arguments of every kind, nested results."""

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 4)

    def forward(
        self, image: torch.Tensor, scale: float, times: int, flip: bool = False, bias: Optional[torch.Tensor] = None
    ) -> Tuple[torch.Tensor, Dict[str, List[torch.Tensor]], int]:
        y = self.linear(image) * scale
        for _ in range(times):
            y = y + 1
        if flip:
            y = -y
        if bias is not None:
            y = y + bias
        return y, {"parts": [y[0], y[1:]], "sum": [y.sum()]}, times * 2

    @torch.jit.export
    def scaled(self, x: torch.Tensor, by: List[float]) -> List[torch.Tensor]:
        return [x * factor for factor in by]


model = torch.jit.script(Model().eval())
model.save(os.path.join(folder, "model.pt"))
image = torch.randn(2, 3)
bias = torch.randn(4)
inputs = {
    "image": image, "scale": torch.tensor(0.5), "times": torch.tensor(3), "flip": torch.tensor(True), "bias": bias,
}
save_file(inputs, os.path.join(folder, "in.safetensors"))
with torch.no_grad():
    y, nested, twice = model(image, 0.5, 3, True, bias)
flat = [y, *nested["parts"], *nested["sum"], torch.tensor(twice)]
save_file({str(i): t.clone() for i, t in enumerate(flat)}, os.path.join(folder, "out.safetensors"))



class Nested(torch.nn.Module):
    def forward(self, images: List[torch.Tensor], pair: Tuple[torch.Tensor, torch.Tensor], note: Optional[torch.Tensor]):
        y = torch.stack(images).sum(0) * pair[0] + pair[1]
        return y if note is None else y - note


nested = torch.jit.script(Nested())
nested.save(os.path.join(folder, "nested.pt"))
images, pair, note = list(torch.randn(3, 2, 2)), (torch.randn(2, 2), torch.randn(2)), torch.randn(2, 2)
named = {f"images.{i}": x for i, x in enumerate(images)} | {f"pair.{i}": x for i, x in enumerate(pair)}
save_file({k: v.contiguous() for k, v in (named | {"note": note}).items()}, os.path.join(folder, "nested.in.safetensors"))
save_file({"with": nested(images, pair, note), "without": nested(images, pair, None)},
          os.path.join(folder, "nested.out.safetensors"))

weight, offset = np.random.default_rng(0).standard_normal((3, 4)).astype("f4"), np.arange(4, dtype="f4")
graph = helper.make_graph(
    [
        helper.make_node("MatMul", ["image", "weight"], ["product"], name="product"),
        helper.make_node("Add", ["product", "offset"], ["logits"], name="logits"),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=-1),
        helper.make_node("Mul", ["probabilities", "factor"], ["weighted"]),
    ],
    "network",
    [
        helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 3]),
        helper.make_tensor_value_info("factor", TensorProto.FLOAT, []),
    ],
    [
        helper.make_tensor_value_info("weighted", TensorProto.FLOAT, ["batch", 4]),
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 4]),
    ],
    [numpy_helper.from_array(weight, "weight"), numpy_helper.from_array(offset, "offset")],
)
proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="make.py")
proto.ir_version = 9
onnx.checker.check_model(proto, full_check=True)
onnx.save(proto, os.path.join(folder, "network.onnx"))
x = np.random.default_rng(1).standard_normal((2, 3)).astype("f4")
logits = x @ weight + offset
share = np.exp(logits - logits.max(-1, keepdims=True))
share /= share.sum(-1, keepdims=True)
np.savez(os.path.join(folder, "network.npz"), image=x, factor=np.float32(2))
np.savez(os.path.join(folder, "network.out.npz"), **{"0": share * np.float32(2), "1": logits})
