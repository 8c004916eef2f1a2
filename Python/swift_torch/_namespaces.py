"""`torch.linalg`, `torch.fft`, `torch.special`: operators whose name begins with that of the namespace."""

from . import _operators as operators


class Namespace:
    """The operators `aten::linalg_svd`, … as `linalg.svd`, …."""

    def __init__(self, name):
        self._prefix = name + "_"
        self.__name__ = "swift_torch." + name

    def __getattr__(self, name):
        found = None if name.startswith("__") else operators.find(self._prefix + name)
        if found is None:
            raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")
        setattr(self, name, found.function)
        return found.function

    def __dir__(self):
        return [name[len(self._prefix):] for name in operators.names() if name.startswith(self._prefix)]


linalg, fft, special = Namespace("linalg"), Namespace("fft"), Namespace("special")
