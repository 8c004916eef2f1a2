"""ONNX models: loaded, run and trained further."""

from . import _library as lib
from . import _values as values
from ._modules import Module
from .serialization import path_of


class Model(Module):
    """A model read from an ONNX file.

    Called with tensors in order or by name it gives its outputs by name; tensors stored in the file are its parameters.
    """

    @property
    def input_names(self):
        """The names of the inputs."""
        return self._ports()[0]

    @property
    def output_names(self):
        """The names of the outputs."""
        return self._ports()[1]

    def _ports(self):
        return values.one(lib.onnx_ports, self._handle)

    def __call__(self, *args, **kwargs):
        inputs, outputs = self._ports()
        if len(args) > len(inputs):
            raise TypeError(f"the model takes {len(inputs)} inputs, {len(args)} were given")
        given = dict(zip(inputs, args))
        for name, value in kwargs.items():
            if name in given:
                raise TypeError(f"the model got several values for input '{name}'")
            given[name] = value
        block = values.pack([values.boxed(given)])
        return dict(zip(outputs, values.one(lib.onnx_run, self._handle, block, len(block))))


def load(f):
    """Reads the model in a file, with the files beside it that hold its large tensors."""
    return Model._owning(lib.owned(lib.onnx_load(path_of(f))))
