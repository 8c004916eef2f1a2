"""Switches of gradient recording, as context managers and decorators; they belong to the thread."""

import functools

from . import _library as lib

_GRAD, _INFERENCE = 0, 1


class _Switch:
    """Sets a mode on entering, and what it was on leaving."""

    _mode = _GRAD

    def __init__(self, enabled):
        self._enabled = enabled
        self._before = []

    def __enter__(self):
        self._before.append(lib.mode_set(self._mode, self._enabled))

    def __exit__(self, *_):
        lib.mode_set(self._mode, self._before.pop())

    def __call__(self, function):
        @functools.wraps(function)
        def wrapped(*arguments, **keywords):
            with type(self)._again(self):
                return function(*arguments, **keywords)
        return wrapped

    def _again(self):
        return type(self)() if type(self) in (no_grad, enable_grad) else type(self)(self._enabled)


class no_grad(_Switch):
    """Operators are not recorded.

    >>> x = tensor([1.0], requires_grad=True)
    >>> with no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    def __new__(cls, function=None):
        made = super().__new__(cls)
        if function is None:
            return made
        made.__init__()
        return made(function)

    def __init__(self, function=None):
        super().__init__(False)


class enable_grad(_Switch):
    """Operators are recorded, inside of `no_grad` too."""

    def __init__(self):
        super().__init__(True)


class set_grad_enabled(_Switch):
    """Recording on or off, at once, and as a context manager until its end."""

    def __init__(self, mode):
        super().__init__(bool(mode))
        self._before.append(lib.mode_set(_GRAD, self._enabled))

    def __enter__(self):
        lib.mode_set(_GRAD, self._enabled)


class inference_mode(_Switch):
    """As `no_grad`; moreover, what is made in it can never take part in recording."""

    _mode = _INFERENCE

    def __init__(self, mode=True):
        super().__init__(bool(mode))


def is_grad_enabled():
    return bool(lib.mode_get(_GRAD))


def is_inference_mode_enabled():
    return bool(lib.mode_get(_INFERENCE))
