"""TorchScript archives and ONNX models from Python; the files and expected values are PyTorch's."""

import os
import tempfile
import unittest
from pathlib import Path

import numpy as np

import swift_torch as torch
from swift_torch import jit, onnx

FIXTURES = Path(__file__).resolve().parents[2] / "Fixtures" / "python"


class Archives(unittest.TestCase):
    def setUp(self):
        self.expected = torch.serialization.load_npz(FIXTURES / "expected.npz")
        self.module = jit.load(FIXTURES / "model.pt")

    def test_forward_and_methods(self):
        x = self.expected["x"]
        self.assertTrue(torch.allclose(self.module(x), self.expected["y"], rtol=1.3e-6, atol=1e-5))
        self.assertTrue(torch.allclose(self.module.forward(x, scale=2.0), self.expected["scaled"], rtol=1.3e-6, atol=1e-5))
        parts = self.module.parts([x, x], {"a": x}, flag=True)
        self.assertEqual([len(part) if not hasattr(part, "shape") else tuple(part.shape) for part in parts], [2, 1, (2, 3)])
        self.assertEqual(self.module.describe("net", 3), "net has 3 inputs")
        with self.assertRaisesRegex(RuntimeError, "scale must not be negative"):
            self.module(x, scale=-1.0)
        with self.assertRaisesRegex(RuntimeError, "missing value for argument 'x'"):
            self.module()
        with self.assertRaises(AttributeError):
            self.module.nothing

    def test_attributes(self):
        self.assertEqual(self.module.calls, 0)
        self.module.calls = 5
        self.assertEqual(self.module.calls, 5)
        self.assertEqual(self.module.labels, ["cat", "dog"])
        self.assertEqual(sorted(dict(self.module.named_children())), ["linear", "norm"])
        self.assertIn("linear", self.module.code)
        self.assertIn("prim::GetAttr", self.module.graph)
        self.assertRegex(repr(self.module), r"^RecursiveScriptModule\(\s*original_name=Model")

    def test_state(self):
        state = self.module.state_dict()
        self.assertEqual(list(state), ["linear.weight", "linear.bias", "norm.weight", "norm.bias", "norm.running_mean",
                                       "norm.running_var", "norm.num_batches_tracked"])
        with torch.no_grad():
            state["linear.weight"].zero_()
        self.assertEqual(self.module.linear.weight.abs().sum().item(), 0)
        other = jit.load(FIXTURES / "model.pt")
        self.module.load_state_dict(other.state_dict())
        self.assertTrue(torch.equal(self.module.linear.weight, other.linear.weight))
        with self.assertRaisesRegex(RuntimeError, "Missing key"):
            self.module.load_state_dict({})

    def test_training_and_saving(self):
        module = self.module.train()
        x = self.expected["x"]
        for _ in range(3):
            module.zero_grad()
            module(x).square().sum().backward()
            with torch.no_grad():
                for parameter in module.parameters():
                    parameter -= 0.1 * parameter.grad
        module.eval()
        self.assertTrue(torch.allclose(module(x), self.expected["trained"], rtol=1e-5, atol=1e-5))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "trained.pt")
            module.save(path, {"notes.txt": "trained for three steps"})
            extra = {"notes.txt": "", "absent": "as it was"}
            again = jit.load(path, _extra_files=extra)
            self.assertEqual(extra["notes.txt"], "trained for three steps")
            self.assertTrue(torch.equal(again(x), module(x)))

    def test_memory_is_shared(self):
        x = np.ones((2, 3), np.float32)
        a = self.module(torch.from_numpy(x))
        x[:] = 2
        self.assertFalse(torch.equal(a, self.module(torch.from_numpy(np.full((2, 3), 2, np.float32)))))

    def test_errors(self):
        with self.assertRaises(OSError):
            jit.load("/nowhere/model.pt")
        with tempfile.NamedTemporaryFile(suffix=".pt") as file:
            file.write((FIXTURES / "model.pt").read_bytes()[:500])
            file.flush()
            with self.assertRaises(RuntimeError):
                jit.load(file.name)


class Models(unittest.TestCase):
    def test_onnx(self):
        expected = torch.serialization.load_npz(FIXTURES / "expected.npz")
        model = onnx.load(FIXTURES / "model.onnx")
        self.assertEqual((model.input_names, model.output_names), (["x"], ["y"]))
        for outputs in (model(expected["x"]), model(x=expected["x"])):
            self.assertTrue(torch.allclose(outputs["y"], expected["linear"], rtol=1.3e-6, atol=1e-5))
        model(expected["x"])["y"].sum().backward()
        self.assertEqual([name for name, parameter in model.named_parameters() if parameter.grad is not None],
                         ["weight", "bias"])
        with self.assertRaisesRegex(RuntimeError, "no input 'z'"):
            model(z=expected["x"])


if __name__ == "__main__":
    unittest.main()
