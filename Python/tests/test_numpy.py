"""Memory shared between tensors and NumPy arrays: zero copies, lifetimes, PyTorch's errors."""

import gc
import sys
import threading
import unittest
import warnings
import weakref

import numpy as np

import swift_torch as torch
from swift_torch import _library, _numpy


class FromNumpy(unittest.TestCase):
    def test_shares_memory_both_ways(self):
        array = np.arange(6, dtype=np.float32).reshape(2, 3)
        tensor = torch.from_numpy(array)
        self.assertEqual(tensor.data_ptr(), array.ctypes.data)
        array[0, 1] = 10
        self.assertEqual(tensor[0, 1].item(), 10)
        tensor[1, 2] = 20
        self.assertEqual(array[1, 2], 20)
        tensor.mul_(2)
        np.testing.assert_array_equal(array, [[0, 20, 4], [6, 8, 40]])

    def test_every_dtype(self):
        for dtype in torch._types.by_numpy:
            array = np.array([[0, 1], [1, 0]], dtype)
            tensor = torch.from_numpy(array)
            self.assertEqual(tensor.dtype.numpy, dtype)
            np.testing.assert_array_equal(tensor.numpy(), array)
            self.assertEqual(tensor.numpy().dtype, dtype)

    def test_strides_offsets_and_edges(self):
        base = np.arange(24).reshape(4, 6)
        for array in (base.T, base[1::2, ::3], base[:, 2], np.broadcast_to(np.arange(3), (2, 3)), np.zeros(()),
                      np.zeros((0, 3)), base[2:2], np.asfortranarray(base)):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tensor = torch.from_numpy(array)
            self.assertEqual(tensor.shape, array.shape)
            np.testing.assert_array_equal(tensor.numpy(), array)
            if array.size:
                self.assertEqual(tensor.stride(), tuple(stride // array.itemsize for stride in array.strides))

    def test_refusals(self):
        def refused(error, message, array):
            with self.assertRaises(error) as caught:
                torch.from_numpy(array)
            self.assertIn(message, str(caught.exception))
        refused(ValueError, "At least one stride in the given numpy array is negative", np.arange(6)[::-1])
        refused(TypeError, "can't convert np.ndarray of type numpy.str_.", np.array(["a"]))
        refused(TypeError, "can't convert np.ndarray of type numpy.object_.", np.array([object()]))
        refused(TypeError, "expected np.ndarray (got list)", [1, 2])
        refused(ValueError, "byte order different from the native byte order", np.arange(4, dtype=">i4"))
        refused(ValueError, "strides not a multiple of the element byte size",
                np.zeros((2, 3), dtype=[("a", "f4"), ("b", "i2")])["a"])
        refused(ValueError, "not aligned", np.zeros(9, np.uint8)[1:].view(np.float32))

    def test_read_only_arrays_warn_once(self):
        array = np.arange(3)
        array.flags.writeable = False
        _numpy._warned = False
        with self.assertWarnsRegex(UserWarning, "^The given NumPy array is not writable"):
            torch.from_numpy(array)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            torch.from_numpy(array)

    def test_memory_of_others_is_not_resized(self):
        tensor = torch.from_numpy(np.ones(2))
        with self.assertRaisesRegex(RuntimeError, "^Trying to resize storage that is not resizable$"):
            tensor.resize_(5)
        own = torch.ones(2)
        own.numpy()
        with self.assertRaisesRegex(RuntimeError, "^Trying to resize storage that is not resizable$"):
            own.resize_(5)


class ToNumpy(unittest.TestCase):
    def test_shares_memory_both_ways(self):
        tensor = torch.arange(6).reshape(2, 3)
        array = tensor.numpy()
        self.assertEqual(array.ctypes.data, tensor.data_ptr())
        tensor[0, 0] = 77
        self.assertEqual(array[0, 0], 77)
        array[1, 1] = -1
        self.assertEqual(tensor[1, 1].item(), -1)
        np.testing.assert_array_equal(tensor.T.numpy(), array.T)
        self.assertEqual(tensor[:, 1].numpy().ctypes.data, array[:, 1].ctypes.data)

    def test_refusals(self):
        x = torch.ones(2, requires_grad=True)
        with self.assertRaises(RuntimeError) as caught:
            x.numpy()
        self.assertEqual(
            str(caught.exception), "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        np.testing.assert_array_equal(x.numpy(force=True), [1, 1])
        with self.assertRaisesRegex(TypeError, "^Got unsupported ScalarType BFloat16$"):
            torch.ones(2, dtype=torch.bfloat16).numpy()

    def test_numpy_takes_tensors(self):
        x = torch.tensor([1.0, 4.0])
        np.testing.assert_array_equal(np.sqrt(np.asarray(x)), [1, 2])
        np.testing.assert_array_equal(np.array(x, dtype=np.int32), [1, 4])
        self.assertIsInstance(x + np.ones(2), torch.Tensor)
        self.assertIsInstance(np.ones(2) + x, torch.Tensor)
        self.assertEqual((np.float64(2) * x).tolist(), [2, 8])

    def test_a_convolution_on_exported_memory(self):
        torch.manual_seed(0)
        x = torch.randn(2, 32, 10, 10)
        w = torch.randn(32, 32, 3, 3)
        y = torch.conv2d(x, w, padding=1)
        array = y.numpy()
        y.relu_()
        self.assertEqual(array.ctypes.data, y.data_ptr())
        self.assertGreaterEqual(array.min(), 0)
        np.testing.assert_array_equal(array, torch.conv2d(x, w, padding=1).relu().numpy())


class Lifetimes(unittest.TestCase):
    def setUp(self):
        gc.collect()
        self.handles = _library.handle_count()

    def tearDown(self):
        gc.collect()
        self.assertEqual(_library.handle_count(), self.handles, "handles were leaked")

    def test_a_tensor_outlives_its_array(self):
        array = np.arange(1000)
        gone = weakref.ref(array)
        tensor = torch.from_numpy(array)
        view = tensor[10:20]
        del array, tensor
        gc.collect()
        self.assertIsNotNone(gone())
        self.assertEqual(view.sum().item(), 145)
        del view
        self.assertIsNone(gone())

    def test_an_array_outlives_its_tensor(self):
        tensor = torch.arange(1000)
        array = tensor.numpy()[10:20]
        del tensor
        gc.collect()
        torch.zeros(1000)
        self.assertEqual(array.sum(), 145)
        del array

    def test_references_are_counted_right(self):
        array = np.ones(4)
        before = sys.getrefcount(array)
        tensors = [torch.from_numpy(array) for _ in range(10)]
        self.assertEqual(sys.getrefcount(array), before + 10)
        del tensors
        self.assertEqual(sys.getrefcount(array), before)
        with self.assertRaises(ValueError):
            torch.from_numpy(array[::-1])
        self.assertEqual(sys.getrefcount(array), before)

    def test_a_graph_keeps_the_array(self):
        array = np.array([1.0, 2.0, 3.0])
        gone = weakref.ref(array)
        weight = torch.ones(3, dtype=torch.float64, requires_grad=True)
        loss = (weight * torch.from_numpy(array)).sum()
        del array
        gc.collect()
        self.assertIsNotNone(gone())
        loss.backward()
        self.assertEqual(weight.grad.tolist(), [1, 2, 3])
        del loss
        gc.collect()
        self.assertIsNone(gone())
        del weight

    def test_cycles(self):
        class Holder:
            pass
        holder = Holder()
        array = np.ones(3).view(type("Sub", (np.ndarray,), {}))
        array.holder = holder
        holder.array = torch.ones(3).numpy()
        holder.myself = holder
        gone = weakref.ref(holder)
        del holder, array
        gc.collect()
        self.assertIsNone(gone())

    def test_there_and_back_again(self):
        array = np.arange(4)
        again = torch.from_numpy(array).numpy()
        self.assertEqual(again.ctypes.data, array.ctypes.data)
        gone = weakref.ref(array)
        del array
        gc.collect()
        again[0] = 9
        self.assertEqual(again.tolist(), [9, 1, 2, 3])
        del again
        self.assertIsNone(gone())

    def test_no_growth(self):
        array = np.ones((100, 100))

        def resident():
            with open("/proc/self/statm") as file:
                return int(file.read().split()[1]) * 4096

        def convert(times):
            for _ in range(times):
                torch.from_numpy(array).numpy()
                np.from_dlpack(torch.from_dlpack(array))
        convert(2000)
        before = resident()
        convert(50_000)
        self.assertLess(resident() - before, 8 << 20)

    def test_threads(self):
        array = np.ones(10_000)
        failures = []

        def work():
            try:
                for _ in range(300):
                    tensor = torch.from_numpy(array)
                    if (tensor * 2).numpy().sum() != 20_000:
                        failures.append("sum")
                    try:
                        tensor + torch.ones(3)
                    except RuntimeError as error:
                        if "size of tensor a (10000)" not in str(error):
                            failures.append(str(error))
            except Exception as error:  # noqa: BLE001
                failures.append(repr(error))
        threads = [threading.Thread(target=work) for _ in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        self.assertEqual(failures, [])

    def test_the_last_tensor_goes_on_another_thread(self):
        array = np.ones(10)
        gone = weakref.ref(array)
        box = [torch.from_numpy(array)]
        del array
        thread = threading.Thread(target=box.clear)
        thread.start()
        thread.join()
        self.assertIsNone(gone())


if __name__ == "__main__":
    unittest.main()
