"""What modules read from files have in common: parameters, state, modes."""

from . import _library as lib
from . import _values as values

_release = lib.release


class Module:
    """A module of the library's."""

    _kind = values.MODULE
    _METHODS, _PARAMETERS, _BUFFERS, _STATE, _CHILDREN = range(5)

    @classmethod
    def _owning(cls, handle):
        """The module that `handle` stands for, which it owns."""
        module = cls.__new__(cls)
        module._handle = handle
        return module

    def __del__(self, _release=_release):
        handle = self.__dict__.get("_handle")
        if handle is not None:
            _release(handle)

    def __repr__(self):
        return self._describe(0)

    def _describe(self, form, method=""):
        return values.one(lib.module_describe, self._handle, method.encode(), form)

    def _list(self, what):
        return values.one(lib.module_list, self._handle, what)

    def named_parameters(self):
        """Parameters with their names."""
        return iter(self._list(self._PARAMETERS).items())

    def parameters(self):
        """Parameters, as an optimizer takes them."""
        return iter(self._list(self._PARAMETERS).values())

    def named_buffers(self):
        """Buffers with their names."""
        return iter(self._list(self._BUFFERS).items())

    def buffers(self):
        """Buffers."""
        return iter(self._list(self._BUFFERS).values())

    def named_children(self):
        """Modules in this one, with their names."""
        return iter(self._list(self._CHILDREN).items())

    def state_dict(self):
        """Parameters and buffers by name; they share the module's memory."""
        return self._list(self._STATE)

    def load_state_dict(self, state_dict, strict=True):
        """Copies parameters and buffers from `state_dict`; with `strict`, every name must be on both sides."""
        block = values.pack([values.boxed(dict(state_dict))])
        lib.check(lib.module_load_state(self._handle, block, len(block), bool(strict)))

    def train(self, mode=True):
        """Training mode, or evaluation mode."""
        lib.check(lib.module_train(self._handle, bool(mode)))
        return self

    def eval(self):
        """Evaluation mode."""
        return self.train(False)

    def zero_grad(self):
        """Takes the parameters' gradients away."""
        for parameter in self.parameters():
            parameter.grad = None

    def requires_grad_(self, requires_grad=True):
        """Whether gradients of the parameters are recorded."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self
