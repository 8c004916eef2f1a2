"""DLPack with NumPy, in both forms of the capsule."""

import gc
import unittest
import weakref

import numpy as np

import swift_torch as torch


class DLPack(unittest.TestCase):
    def test_numpy_takes_tensors(self):
        for dtype in torch._types.by_numpy.values():
            tensor = torch.ones(2, 3, dtype=dtype)
            array = np.from_dlpack(tensor)
            self.assertEqual(array.dtype, dtype.numpy)
            self.assertEqual(array.ctypes.data, tensor.data_ptr())
        x = torch.arange(6).reshape(2, 3)
        array = np.from_dlpack(x.T)
        x[0, 1] = 50
        self.assertEqual(array[1, 0], 50)
        self.assertEqual(np.from_dlpack(torch.tensor(3)).shape, ())
        self.assertEqual(np.from_dlpack(torch.zeros(0, 3)).shape, (0, 3))

    def test_tensors_of_arrays(self):
        array = np.arange(12.0).reshape(3, 4)
        for source in (array, array.T, array[1:, ::2], np.array(3), np.zeros((0, 2)), array > 3, array.astype(complex)):
            tensor = torch.from_dlpack(source)
            np.testing.assert_array_equal(tensor.numpy(), source)
            if source.size:
                self.assertEqual(tensor.data_ptr(), source.ctypes.data)
        with self.assertRaisesRegex(RuntimeError, "negative strides"):
            torch.from_dlpack(np.arange(3)[::-1])
        self.assertEqual(torch.from_dlpack(np.arange(3), copy=True).tolist(), [0, 1, 2])

    def test_bfloat16_comes_back(self):
        x = torch.tensor([1.5, -2.0], dtype=torch.bfloat16)
        y = torch.from_dlpack(x)
        self.assertIs(y.dtype, torch.bfloat16)
        self.assertEqual(y.data_ptr(), x.data_ptr())
        self.assertEqual(y.tolist(), [1.5, -2.0])

    def test_a_capsule_is_taken_once(self):
        for version, name in ((None, "dltensor"), ((0, 8), "dltensor"), ((1, 0), "dltensor_versioned")):
            capsule = torch.ones(2).__dlpack__(max_version=version)
            self.assertIn(f'"{name}"', repr(capsule))
            self.assertEqual(torch.from_dlpack(capsule).tolist(), [1, 1])
            self.assertIn(f'"used_{name}"', repr(capsule))
            with self.assertRaisesRegex(RuntimeError, "capsules can be consumed only once"):
                torch.from_dlpack(capsule)

    def test_nobody_takes_the_capsule(self):
        array = np.ones(3)
        gone = weakref.ref(array)
        capsules = [torch.from_numpy(array).__dlpack__(max_version=version) for version in (None, (1, 0))]
        del array
        gc.collect()
        self.assertIsNotNone(gone())
        del capsules
        self.assertIsNone(gone())

    def test_the_deleter_is_called_once(self):
        array = np.ones(3)
        gone = weakref.ref(array)
        tensor = torch.from_dlpack(array)
        again = torch.from_dlpack(tensor[1:])
        del array, tensor
        gc.collect()
        self.assertIsNotNone(gone())
        self.assertEqual(again.tolist(), [1, 1])
        del again
        self.assertIsNone(gone())

    def test_protocol(self):
        x = torch.ones(2)
        self.assertEqual(tuple(x.__dlpack_device__()), (1, 0))
        copy = torch.from_dlpack(x.__dlpack__(copy=True, max_version=(1, 0)))
        self.assertNotEqual(copy.data_ptr(), x.data_ptr())
        with self.assertRaisesRegex(BufferError, "Can't export tensors that require gradient, use tensor.detach"):
            torch.ones(2, requires_grad=True).__dlpack__()
        with self.assertRaises(BufferError):
            x.__dlpack__(dl_device=(2, 0))
        with self.assertRaises(AssertionError):
            x.__dlpack__(stream=1)

    def test_a_library_from_before_versions(self):
        class Old:
            def __dlpack_device__(self):
                return (1, 0)

            def __dlpack__(self, stream=None):
                return np.arange(3).__dlpack__()
        self.assertEqual(torch.from_dlpack(Old()).tolist(), [0, 1, 2])
