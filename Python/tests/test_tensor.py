"""Tensors as PyTorch's users write them; the expected values are PyTorch's."""

import copy
import os
import pickle
import subprocess
import sys
import tempfile
import unittest
from collections import OrderedDict

import numpy as np

import swift_torch as torch


class Operators(unittest.TestCase):
    def test_arithmetic_and_promotion(self):
        x = torch.tensor([1, 2, 3])
        self.assertEqual(repr(x + 1), "tensor([2, 3, 4])")
        self.assertEqual(repr(x + 1.5), "tensor([2.5000, 3.5000, 4.5000])")
        self.assertEqual(repr(2 - x), "tensor([ 1,  0, -1])")
        self.assertEqual(repr(1 / x), "tensor([1.0000, 0.5000, 0.3333])")
        self.assertEqual(repr(2 ** x), "tensor([2, 4, 8])")
        self.assertEqual(repr(7 // x), "tensor([7, 3, 2])")
        self.assertEqual(repr(x % 2 == 1), "tensor([ True, False,  True])")
        self.assertEqual(repr(-x), "tensor([-1, -2, -3])")
        self.assertEqual(repr(x @ x), "tensor(14)")
        self.assertEqual(repr(~(x > 1) | (x > 2)), "tensor([ True, False,  True])")
        self.assertEqual(repr(x * (1 + 2j)), "tensor([1.+2.j, 2.+4.j, 3.+6.j])")
        with self.assertRaisesRegex(TypeError, "unsupported operand"):
            x + "a"

    def test_overloads(self):
        x = torch.tensor([[1.0, 5.0], [4.0, 2.0]])
        self.assertEqual(x.sum().item(), 12)
        self.assertEqual(x.sum(0).tolist(), [5, 7])
        self.assertEqual(x.sum(dim=1, keepdim=True).tolist(), [[6], [6]])
        self.assertEqual(x.sum(axis=0, dtype=torch.int64).tolist(), [5, 7])
        found = x.max(dim=1)
        self.assertEqual(found.values.tolist(), [5, 4])
        self.assertEqual(repr(found), "torch.return_types.max(\nvalues=tensor([5., 4.]),\nindices=tensor([1, 0]))")
        self.assertEqual(x.max().item(), 5)
        self.assertEqual(torch.max(x, torch.tensor(3.0)).tolist(), [[3, 5], [4, 3]])
        self.assertEqual(x.std(0).tolist(), torch.std(x, 0, unbiased=True).tolist())
        self.assertEqual(x.reshape(4).shape, x.view(-1).shape)
        self.assertEqual(x.permute(1, 0).tolist(), x.t().tolist())
        self.assertEqual(torch.zeros(2, 3).shape, torch.zeros((2, 3)).shape)
        self.assertEqual(torch.cat((x, x), dim=1).shape, (2, 4))
        self.assertEqual(torch.stack([x, x]).shape, (2, 2, 2))
        self.assertEqual(torch.where(x > 2, x, 0).tolist(), [[0, 5], [4, 0]])
        self.assertEqual(x.clamp(min=2, max=4).tolist(), [[2, 4], [4, 2]])
        self.assertEqual(torch.full((2,), 7).dtype, torch.int64)
        self.assertEqual(torch.arange(0, 10, 3).tolist(), [0, 3, 6, 9])
        self.assertEqual(torch.add(x, x, alpha=2).tolist(), [[3, 15], [12, 6]])
        self.assertEqual(torch.einsum("ij,jk->ik", x, x).tolist(), (x @ x).tolist())
        self.assertEqual([part.tolist() for part in x.split(1)], [[[1, 5]], [[4, 2]]])
        self.assertEqual(torch.linalg.det(x).item(), -18)
        self.assertEqual(torch.softmax(torch.zeros(2), 0).tolist(), [0.5, 0.5])
        self.assertEqual(torch.unique(torch.tensor([3, 1, 3])).tolist(), [1, 3])

    def test_out_and_in_place(self):
        x, out = torch.ones(2), torch.empty(2)
        self.assertIs(torch.add(x, 1, out=out), out)
        self.assertEqual(out.tolist(), [2, 2])
        self.assertIs(x.add_(3), x)
        same = x
        x += 1
        self.assertIs(same, x)
        self.assertEqual(x.tolist(), [5, 5])
        self.assertIs(x.contiguous(), x)

    def test_ops_namespace(self):
        x = torch.ones(2)
        self.assertEqual(torch.ops.aten.add(x, 1).tolist(), [2, 2])
        self.assertEqual(torch.ops.aten.add.Tensor(x, x, alpha=3).tolist(), [4, 4])
        self.assertIn("Tensor", torch.ops.aten.add.overloads())
        with self.assertRaisesRegex(AttributeError, "'_OpNamespace' 'aten' object has no attribute 'foo'"):
            torch.ops.aten.foo

    def test_complaints(self):
        x = torch.ones(2)
        with self.assertRaises(RuntimeError) as caught:
            x + torch.ones(3)
        self.assertEqual(
            str(caught.exception),
            "The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 0")
        self.assertEqual(caught.exception.operator, "aten::add.Tensor of float32[2], float32[3]")
        with self.assertRaisesRegex(IndexError, "index 5 is out of bounds for dimension 0 with size 2"):
            x[5]
        with self.assertRaisesRegex(AttributeError, "'Tensor' object has no attribute 'foo'"):
            x.foo
        with self.assertRaisesRegex(AttributeError, "module 'torch' has no attribute 'foo'"):
            torch.foo
        with self.assertRaisesRegex(TypeError, r"^softmax\(\) got an unexpected keyword argument 'foo'$"):
            x.softmax(0, foo=3)
        with self.assertRaisesRegex(TypeError, "received an invalid combination of arguments"):
            torch.add(x)
        with self.assertRaisesRegex(RuntimeError, "Overflow when unpacking long long"):
            x + 2**80


class Making(unittest.TestCase):
    def test_tensor(self):
        self.assertEqual(repr(torch.tensor([[1, 2], [3, 4]])), "tensor([[1, 2],\n        [3, 4]])")
        self.assertEqual(repr(torch.tensor(1.5)), "tensor(1.5000)")
        self.assertIs(torch.tensor([True, 2]).dtype, torch.int64)
        self.assertIs(torch.tensor([1, 2.5]).dtype, torch.float32)
        self.assertIs(torch.tensor([1 + 2j]).dtype, torch.complex64)
        self.assertIs(torch.tensor([1.5], dtype=torch.float64).dtype, torch.float64)
        self.assertIs(torch.tensor(np.ones(2)).dtype, torch.float64)
        self.assertEqual(repr(torch.tensor([])), "tensor([])")
        self.assertEqual(repr(torch.tensor([[], []])), "tensor([], size=(2, 0))")
        self.assertEqual(torch.tensor([torch.tensor(1), 2.5]).tolist(), [1, 2.5])
        array = np.ones(2)
        self.assertNotEqual(torch.tensor(array).data_ptr(), array.ctypes.data)
        self.assertEqual(torch.as_tensor(array).data_ptr(), array.ctypes.data)
        with self.assertRaisesRegex(ValueError, r"expected sequence of length 2 at dim 1 \(got 1\)"):
            torch.tensor([[1, 2], [3]])
        with self.assertRaisesRegex(TypeError, "new\\(\\): invalid data type 'str'"):
            torch.tensor([1, "a"])

    def test_random_numbers_are_pytorchs(self):
        torch.manual_seed(0)
        self.assertEqual(repr(torch.rand(3)), "tensor([0.4963, 0.7682, 0.0885])")
        self.assertEqual(repr(torch.rand(2, generator=torch.Generator().manual_seed(0))), "tensor([0.4963, 0.7682])")
        state = torch.get_rng_state()
        first = torch.randn(20).tolist()
        torch.set_rng_state(state)
        self.assertEqual(torch.randn(20).tolist(), first)

    def test_reading(self):
        x = torch.tensor([[1.5, 2.0]])
        self.assertEqual(x.tolist(), [[1.5, 2.0]])
        self.assertEqual(f"{torch.tensor(1.5):.3f}", "1.500")
        self.assertEqual([float(each) for each in x[0]], [1.5, 2.0])
        self.assertEqual(torch.tensor([1.5], dtype=torch.bfloat16).tolist(), [1.5])
        self.assertEqual(len(x), 1)
        self.assertEqual(repr(x.shape), "torch.Size([1, 2])")
        self.assertEqual(list(range(5))[torch.tensor(3)], 3)
        with self.assertRaisesRegex(RuntimeError, "a Tensor with 2 elements cannot be converted to Scalar"):
            x.item()
        with self.assertRaisesRegex(RuntimeError, "Boolean value of Tensor with more than one value is ambiguous"):
            bool(x)
        with self.assertRaisesRegex(TypeError, "len\\(\\) of a 0-d tensor"):
            len(torch.tensor(1))

    def test_subscripts(self):
        x = torch.arange(24).reshape(2, 3, 4)
        a = np.arange(24).reshape(2, 3, 4)
        for index in (0, -1, (0, 1), (slice(None), 1), (Ellipsis, 2), (0, slice(1, None), slice(None, None, 2)), None,
                      (slice(None), None), [0, 1], ([0, 1], [1, 2]), (slice(None), [0, 2]), a > 5, True):
            np.testing.assert_array_equal(x[index].numpy(), a[index])
        self.assertEqual(x[x > 20].tolist(), [21, 22, 23])
        x[0, :, 1] = 100
        a[0, :, 1] = 100
        x[x > 99] = torch.tensor(-5)
        a[a > 99] = -5
        x[:, [0, 2]] = torch.ones(4, dtype=torch.int64)
        a[:, [0, 2]] = 1
        np.testing.assert_array_equal(x.numpy(), a)

    def test_copies_and_pickles(self):
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        for other in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
            self.assertEqual(other.tolist(), [1, 2])
            self.assertTrue(other.requires_grad)
            self.assertNotEqual(other.data_ptr(), x.data_ptr())


class Gradients(unittest.TestCase):
    def test_backward(self):
        x = torch.tensor([2.0, 3.0], requires_grad=True)
        y = (x ** 2).sum()
        self.assertEqual(repr(y), "tensor(13., grad_fn=<SumBackward0>)")
        self.assertEqual(repr(y.grad_fn), "<SumBackward0>")
        y.backward()
        self.assertEqual(x.grad.tolist(), [4, 6])
        self.assertIs(x.grad, x.grad)
        x.grad.zero_()
        self.assertEqual(x.grad.tolist(), [0, 0])
        x.grad = None
        self.assertIsNone(x.grad)
        with self.assertRaisesRegex(RuntimeError, "does not require grad"):
            torch.ones(1).backward()

    def test_grad(self):
        x = torch.tensor([2.0], requires_grad=True)
        first, = torch.autograd.grad(x ** 3, x, create_graph=True)
        second, = torch.autograd.grad(first, x)
        self.assertEqual((first.item(), second.item()), (12, 12))
        unused = torch.ones(1, requires_grad=True)
        self.assertEqual(torch.autograd.grad(x * 2, [x, unused], allow_unused=True)[1], None)

    def test_modes(self):
        x = torch.ones(1, requires_grad=True)
        with torch.no_grad():
            self.assertFalse((x * 2).requires_grad)
            with torch.enable_grad():
                self.assertTrue((x * 2).requires_grad)
        self.assertTrue((x * 2).requires_grad)

        @torch.no_grad()
        def double(value):
            return value * 2
        self.assertFalse(double(x).requires_grad)
        with torch.inference_mode():
            self.assertTrue((x * 2).is_inference())
        torch.set_grad_enabled(False)
        self.assertFalse(torch.is_grad_enabled())
        torch.set_grad_enabled(True)

    def test_hooks(self):
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        seen = []
        handle = x.register_hook(lambda gradient: seen.append(gradient.tolist()))
        double = x.register_hook(lambda gradient: gradient * 2)
        (x * 3).sum().backward()
        self.assertEqual((seen, x.grad.tolist()), ([[3, 3]], [6, 6]))
        handle.remove()
        double.remove()

        def fails(gradient):
            raise KeyError("from the hook")
        x.register_hook(fails)
        with self.assertRaisesRegex(KeyError, "from the hook"):
            (x * 3).sum().backward()

    def test_a_regression_learns(self):
        torch.manual_seed(0)
        x = torch.linspace(-1, 1, 32).unsqueeze(1)
        y = 3 * x + 1
        w, b = torch.zeros(1, 1, requires_grad=True), torch.zeros(1, requires_grad=True)
        for _ in range(200):
            loss = ((x @ w + b - y) ** 2).mean()
            loss.backward()
            with torch.no_grad():
                for parameter in (w, b):
                    parameter -= 0.2 * parameter.grad
                    parameter.grad = None
        self.assertAlmostEqual(w.item(), 3, places=3)
        self.assertAlmostEqual(b.item(), 1, places=3)


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "file")

    def tearDown(self):
        self.folder.cleanup()

    def test_save_and_load(self):
        x = torch.arange(4)
        value = OrderedDict(
            weight=torch.ones(2, 3), view=[x, x[1:]], epoch=3, rate=0.5, name="ü", flags=(True, None), size=x.shape,
            big=2**70, nested={"a": {1: 2}}, dtype=torch.float16)
        torch.save(value, self.path)
        found = torch.load(self.path)
        self.assertIsInstance(found, OrderedDict)
        self.assertEqual(found["weight"].tolist(), [[1, 1, 1], [1, 1, 1]])
        for key in ("epoch", "rate", "name", "flags", "size", "big", "nested", "dtype"):
            self.assertEqual(found[key], value[key])
        found["view"][0][1] = 9
        self.assertEqual(found["view"][1].tolist(), [9, 2, 3], "shared memory stays shared")
        with self.assertRaises(FileNotFoundError if False else OSError):
            torch.load(self.path + ".no")
        with self.assertRaises(TypeError):
            torch.save({"a": object()}, self.path)
        self.assertEqual(torch.load(self.path)["epoch"], 3, "the old file is still there")

    def test_safetensors_and_npz(self):
        tensors = {"a": torch.ones(2, 2), "b": torch.arange(3)}
        torch.safetensors.save_file(tensors, self.path, metadata={"format": "pt"})
        found = torch.safetensors.load_file(self.path)
        self.assertEqual({name: each.tolist() for name, each in found.items()}, {"a": [[1, 1], [1, 1]], "b": [0, 1, 2]})
        self.assertEqual(torch.safetensors.metadata(self.path), {"format": "pt"})
        torch.serialization.save_npz(tensors, self.path + ".npz")
        self.assertEqual(np.load(self.path + ".npz")["b"].tolist(), [0, 1, 2])
        np.savez(self.path + "2.npz", c=np.ones(2))
        self.assertEqual(torch.serialization.load_npz(self.path + "2.npz")["c"].tolist(), [1, 1])


class Package(unittest.TestCase):
    def test_listing_8(self):
        """The guide's program of conversions, whose output must be PyTorch's to the letter."""
        folder = os.path.dirname(__file__)
        with open(os.path.join(folder, "conversions.out")) as file:
            expected = file.read()
        environment = {**os.environ, "PYTHONPATH": os.path.dirname(folder)}
        program = os.path.join(folder, "conversions.py")
        found = subprocess.run([sys.executable, program], capture_output=True, text=True, env=environment)
        self.assertEqual((found.stdout, found.stderr), (expected, ""))

    def test_a_missing_library_is_said_clearly(self):
        environment = {**os.environ, "SWIFT_TORCH_LIBRARY": "/no/such.so"}
        found = subprocess.run(
            [sys.executable, "-c", "import swift_torch"], capture_output=True, text=True, env=environment,
            cwd=os.path.dirname(os.path.dirname(__file__)))
        self.assertIn("ImportError: swift_torch: there is no library at /no/such.so. Build it with `make python`", found.stderr)

    def test_the_interpreter_ends_well(self):
        program = (
            "import numpy as np, swift_torch as torch\n"
            "a = np.ones(3); t = torch.from_numpy(a); b = torch.ones(3).numpy(); c = t.__dlpack__(); d = np.from_dlpack(t)\n"
            "class K: pass\n"
            "k = K(); k.t = t; k.k = k\n")
        found = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True,
            cwd=os.path.dirname(os.path.dirname(__file__)))
        self.assertEqual((found.returncode, found.stderr), (0, ""))
