"""Calls of torch's that tell of themselves.

A ``TorchFunctionMode`` would see them, too, but it is asked about every operator, attribute and ``numel``: one that
does nothing makes the training of a small network twice as slow, it makes ``torch.compile(fullgraph=True)`` fail, and
it is not there in another thread or in a ``backward``. So the few functions that matter are replaced, once for all
threads, and the rest of torch is as it was.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import CodeType, FrameType, FunctionType, MethodType, TracebackType
from typing import Any

import torch

__all__ = ["STAND_IN", "Handler", "Intercepted", "hide_frames", "intercept", "standing_in"]

Handler = Callable[[str, Callable[..., Any], FrameType, tuple[Any, ...], dict[str, Any]], Any]
"""Makes a call in its caller's place: what it is called, what to call, the caller's frame, the arguments."""
_compiling: Callable[[], bool] = getattr(torch.compiler, "is_compiling", lambda: False)
_MOST = 20_000
STAND_IN = "<observed>"
"""The name of the code that calls torch in the user's place."""


class Intercepted:
    """Stands in for a function or method; it is equal to it, for the sake of tables that are keyed by functions."""

    def __init__(self, owner: Any, name: str, call: str, handler: Handler) -> None:
        self.original: Callable[..., Any] = getattr(owner, name)
        self.call = call
        self.owner = owner
        self.handler = handler
        self._compiled = self.original
        if call == "torch.from_numpy":  # what torch.compile itself makes of it, and only of the function itself
            self._compiled = getattr(torch.as_tensor, "original", torch.as_tensor)
        functools.update_wrapper(self, self.original)
        if not isinstance(owner, type):
            self.__module__ = owner.__name__

    def __call__(self, *args: Any, **named: Any) -> Any:
        __tracebackhide__ = True  # pytest leaves this frame out
        if _compiling():
            return self._compiled(*args, **named)
        return self.handler(self.call, self.original, sys._getframe(1), args, named)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None or not isinstance(self.owner, type):
            return self
        return MethodType(self, instance)

    def __eq__(self, other: object) -> bool:
        return other is self or bool(self.original == other)

    def __hash__(self) -> int:
        return hash(self.original)

    def __getattr__(self, name: str) -> Any:
        if name == "original":
            raise AttributeError(name)
        return getattr(self.original, name)

    def __repr__(self) -> str:
        return repr(self.original)

    def __reduce__(self) -> Any:
        """As pickled, it is what has its name in the process that reads it, which may know nothing of this class."""
        name = self.original.__name__
        return (getattr, (self.owner, name)) if isinstance(self.owner, type) else name


def intercept(owner: Any, name: str, call: str, handler: Handler) -> Callable[[], None]:
    """Replace ``owner.name``; what is given back undoes it."""
    own, original = name in vars(owner), getattr(owner, name)
    _never_compile(Intercepted.__call__)
    made = Intercepted(owner, name, call, handler)
    replacement = _constructor(made) if name == "__new__" else made
    setattr(owner, name, replacement)
    _tell_script(original, made)

    def undo() -> None:
        if vars(owner).get(name) is replacement:
            if own:
                setattr(owner, name, original)
            else:
                delattr(owner, name)

    return undo


def _constructor(made: Intercepted) -> Any:
    """A `__new__` for a class; a function, which is what torch.compile expects there."""

    @functools.wraps(made.original)
    def new(*args: Any, **named: Any) -> Any:
        __tracebackhide__ = True
        return made.handler(made.call, made.original, sys._getframe(1), args, named)

    _never_compile(new)
    return staticmethod(new)


def _never_compile(function: Callable[..., Any]) -> None:
    """Keep torch.compile away from a function and all that it calls, without importing the compiler.

    It would compile it for the arrays that it is given, and what it makes of that begins by calling `torch.as_tensor`.
    """
    frames: Any = getattr(getattr(torch._C, "_dynamo", None), "eval_frame", None)
    strategy, action = getattr(frames, "_FrameExecStrategy", None), getattr(frames, "_FrameAction", None)
    if strategy is not None and action is not None:  # torch >= 2.7
        frames.set_code_exec_strategy(function.__code__, strategy(action.SKIP, action.SKIP))


def _tell_script(original: Any, replacement: Any) -> None:
    """TorchScript knows torch's functions by their identity."""
    builtins = sys.modules.get("torch.jit._builtins")
    find, register = getattr(builtins, "_find_builtin", None), getattr(builtins, "_register_builtin", None)
    if find is not None and register is not None and (operator := find(original)) is not None:
        register(replacement, operator)


_stand_ins: dict[tuple[int, int], tuple[CodeType, Callable[..., Any]]] = {}
_template = (lambda function, args, named, __tracebackhide__=True: function(*args, **named)).__code__


def standing_in(frame: FrameType) -> Callable[..., Any]:
    """What calls ``function(*args, **named)`` from the file and line of ``frame``, with its globals.

    torch's warnings are about the line that calls it: they are given, counted and filtered as if nothing stood between.
    """
    key = (id(frame.f_code), frame.f_lasti)
    found = _stand_ins.get(key)
    if found is not None and found[1].__globals__ is frame.f_globals:
        return found[1]
    if len(_stand_ins) >= _MOST:
        _stand_ins.clear()
    code = _template.replace(co_filename=frame.f_code.co_filename, co_firstlineno=frame.f_lineno or 1, co_name=STAND_IN)
    made = FunctionType(code, frame.f_globals, STAND_IN, (True,))
    _stand_ins[key] = (frame.f_code, made)
    return made


def hide_frames() -> None:
    """Leave this package's frames out of the tracebacks of exceptions that nothing catches."""
    import threading

    show, show_in_thread = sys.excepthook, threading.excepthook

    def excepthook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        _strip(error)
        show(kind, error, error.__traceback__)

    def in_thread(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            _strip(arguments.exc_value)
            kept = (arguments.exc_type, arguments.exc_value, arguments.exc_value.__traceback__, arguments.thread)
            arguments = threading.ExceptHookArgs(kept)
        show_in_thread(arguments)

    sys.excepthook, threading.excepthook = excepthook, in_thread


_FOLDER = __file__.rpartition("intercept")[0]


def _strip(error: BaseException | None) -> None:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        error.__traceback__ = _without(error.__traceback__)
        error = error.__cause__ or error.__context__


def _without(trace: TracebackType | None) -> TracebackType | None:
    kept: list[TracebackType] = []
    while trace is not None:
        code = trace.tb_frame.f_code
        if not code.co_filename.startswith(_FOLDER) and code.co_name != STAND_IN:
            kept.append(trace)
        trace = trace.tb_next
    for one, following in zip(kept, [*kept[1:], None], strict=True):
        one.tb_next = following
    return kept[0] if kept else None
