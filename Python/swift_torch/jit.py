"""`torch.jit`: TorchScript archives are loaded, run, trained further and saved."""

from . import _library as lib
from . import _values as values
from ._modules import Module
from .serialization import path_of


class ScriptModule(Module):
    """A module of TorchScript; its methods and attributes are the script's."""

    def __call__(self, *args, **kwargs):
        return self.forward(*args, **kwargs)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name in self._methods():
            def method(*args, **kwargs):
                return self._call(name, args, kwargs)
            method.__name__ = name
            return method
        try:
            return values.one(lib.module_get, self._handle, name.encode())
        except lib.TorchError as error:
            raise AttributeError(str(error)) from None

    def __setattr__(self, name, value):
        if name.startswith("_"):
            return super().__setattr__(name, value)
        block = values.pack([values.boxed(value)])
        lib.check(lib.module_set(self._handle, name.encode(), block, len(block)))

    def __dir__(self):
        return sorted({*super().__dir__(), *self._methods(), *dict(self.named_children())})

    def _methods(self):
        return self._list(self._METHODS)

    def _call(self, name, args, kwargs):
        positional = values.LIST, [values.boxed(value) for value in args], 0
        named = values.DICT, [values.boxed(part) for entry in kwargs.items() for part in entry], 0
        block = values.pack([(values.TUPLE, [positional, named], 0)])
        return values.one(lib.module_call, self._handle, name.encode(), block, len(block))

    @property
    def code(self):
        """The source text of `forward`."""
        return self._describe(1, "forward")

    @property
    def graph(self):
        """The graph of `forward`, as text."""
        return self._describe(2, "forward")

    def save(self, f, _extra_files=None):
        """Writes an archive that `torch.jit.load` reads, here and in PyTorch.

        `_extra_files` has texts to keep beside the module, by name.
        """
        block = values.pack([values.boxed({name: _text(text) for name, text in (_extra_files or {}).items()})])
        lib.check(lib.module_save(self._handle, path_of(f), block, len(block)))


def _text(content):
    return content.decode() if isinstance(content, bytes) else content


def load(f, map_location=None, _extra_files=None):
    """Reads an archive that `torch.jit.save` wrote, here or in PyTorch.

    The keys of `_extra_files` name files that were saved beside the module; their texts become its values.
    """
    if map_location is not None and str(map_location) != "cpu":
        raise RuntimeError(f"modules are loaded to the CPU, not to {map_location}")
    names = values.pack([values.boxed(list(_extra_files or ()))])
    extra = values.Results()
    module = ScriptModule._owning(lib.owned(lib.module_load(path_of(f), names, len(names), extra.memory)))
    found = extra.take()[0]
    if _extra_files is not None:
        _extra_files.update(found)
    return module


def save(m, f, _extra_files=None):
    """Writes a module to an archive; see `ScriptModule.save`."""
    m.save(f, _extra_files)


values.makers[values.MODULE] = ScriptModule._owning
