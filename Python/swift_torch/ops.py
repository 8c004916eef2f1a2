"""`torch.ops.aten.add.Tensor(x, y)`: operators by namespace, name and overload."""

from . import _operators as operators


class _Namespace:
    def __init__(self, space):
        self._space = space

    def __getattr__(self, name):
        found = None if name.startswith("__") else operators.find(name, self._space)
        if found is None:
            raise AttributeError(f"'_OpNamespace' '{self._space}' object has no attribute '{name}'")
        setattr(self, name, found)
        return found

    def __dir__(self):
        return operators.names(self._space)


aten = _Namespace("aten")


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return _Namespace(name)
