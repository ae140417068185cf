"""Running one function of a fixture on one device, and looking at what its claims are about.

Every run is alone: freshly imported from a scratch copy, seeded, in a scratch working folder, with its output,
warnings, plots and torch's global settings put aside afterwards.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import io
import os
import random
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import numpy as np
import torch

from tensorlint.observe.frozen import Frozen, freeze
from tensorlint.observe.intercept import STAND_IN
from tensorlint.observe.recorder import Recorder
from tensorlint.observe.recording import Recording
from tensorlint.observe.snapshots import Snapshots
from tensorlint.verify.claims import Claim
from tensorlint.verify.devices import on, reported
from tensorlint.verify.fixture import Function, Program
from tensorlint.verify.watch import Seen, Warned, Watch
from tensorlint.verify.watches import marked_expression, watch

__all__ = ["Run", "run", "scratch_copy", "versions"]

_INNER_SCOPES = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>", "<lambda>"})
_QUIET = (DeprecationWarning, PendingDeprecationWarning, FutureWarning, ImportWarning, ResourceWarning)


@dataclass(frozen=True, slots=True)
class Run:
    """What one function did on one device."""

    seen: Mapping[Claim, Seen]
    """By claim, for those whose statement was reached."""
    faults: tuple[str, ...]
    """What is not claimed: exceptions, warnings at the fixture's lines, claims that cannot be evaluated."""
    result: Frozen | None
    """What the function returned; None where it raised."""
    recording: Recording = field(default_factory=Recording)
    """What crossed the boundary; its paths are relative to the program's folder."""
    missing: str = ""
    """A library that it needs and that is not installed: nothing was seen then."""


def versions() -> dict[str, str]:
    """The versions that claims may name."""
    return {"torch": str(torch.__version__), "numpy": str(np.__version__)}


@contextlib.contextmanager
def scratch_copy(program: Program) -> Iterator[Path]:
    """A folder with the program's files (the fixed program under the names that its files import each other by)."""
    with tempfile.TemporaryDirectory(prefix="tensorlint-") as name:
        folder = Path(name).resolve()
        for path, text in program.texts.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        yield folder


def run(program: Program, folder: Path, function: Function, device: str) -> Run:
    """Run ``function`` of the program that :func:`scratch_copy` has put into ``folder``."""
    have = versions()
    watches = [
        watch(claim, _marked(program, claim), reported(device))
        for claim in program.claims
        if claim.made_for(device, have)
    ]
    tracer = _Tracer({path: str(folder / path) for path in program.texts}, watches)
    error: BaseException | None = None
    result: Frozen | None = None
    with _alone(folder, device) as (target, caught), Recorder() as recorder, Snapshots(recorder):
        try:
            call = getattr(_load(folder, function.path), function.name)
            returned = tracer.trace(call, target)
            result = freeze(returned)
        except Exception as raised:  # whatever the fixture does is an observation
            error = raised
        warned = list(caught)
        reached = [one for one in watches if one.hits]
        for one in reached:
            one.ended = error
        seen = {one.claim: Seen(False, one.fault) if one.fault else one.finish(warned) for one in reached}
    if missing := _missing(error, program):
        return Run({}, (), None, missing=missing)
    faults = [f"{one.claim.path}:{one.claim.line}: {one.fault}" for one in reached if one.fault]
    claimed = [claim for claim, what in seen.items() if what.held]
    if error is not None and not any(claim.verb in ("raises", "fails later") for claim in claimed):
        faults.append(f"raises {type(error).__name__}: {(str(error).splitlines() or [''])[0][:160]}")
    faults += [
        f"warns {one.category} at line {one.line}: {one.text.splitlines()[0][:120]}"
        for one in warned
        if one.direct
        and not any(c.verb == "warns" and c.path == one.path and c.line <= one.line <= c.end for c in claimed)
    ]
    faults += [f"the recorder failed: {fault}" for fault in recorder.recording.faults]
    recorder.recording.simulated = "cuda" * (device == "simulated-cuda")
    return Run(seen, tuple(dict.fromkeys(faults)), result, recorder.recording.below(str(folder)))


def _missing(error: BaseException | None, program: Program) -> str:
    """The library whose absence an error is about; empty if it is about something else."""
    library = (getattr(error, "name", None) or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    own = {path.partition("/")[0].removesuffix(".py") for path in program.texts}
    return library if library and library not in own and importlib.util.find_spec(library) is None else ""


def _marked(program: Program, claim: Claim) -> ast.expr | None:
    """The expression that the marker on the claim's statement points at; without one, the statement's own.

    Where the fixer has made an assignment of the statement, the marker points at its target: its value is meant.
    """
    text = program.texts[claim.path]
    module = ast.parse(text)
    for marker in program.markers[claim.path]:
        if claim.line <= marker.line <= claim.end:
            marked = marked_expression(module, text, marker.line, marker.column)
            if not isinstance(getattr(marked, "ctx", None), ast.Store):
                return marked
    for node in ast.walk(module):
        if isinstance(node, ast.stmt) and node.lineno == claim.line:
            value = getattr(node, "value", None) or getattr(node, "test", None)
            return value if isinstance(value, ast.expr) else None
    return None


def _load(folder: Path, path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("tensorlint_fixture", folder / path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def _alone(folder: Path, device: str) -> Iterator[tuple[torch.device, list[Warned]]]:
    """Everything that a run can leave behind is put back."""
    caught: list[Warned] = []
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
    os.environ.setdefault("MPLBACKEND", "Agg")
    before, warned_always, dtype = os.getcwd(), torch.is_warn_always_enabled(), torch.get_default_dtype()
    loaded, written = set(sys.modules), sys.dont_write_bytecode
    with tempfile.TemporaryDirectory(prefix="tensorlint-") as scratch, warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = _recorder(caught, str(folder))
        torch.set_warn_always(True)
        sys.path.insert(0, str(folder))
        sys.dont_write_bytecode = True
        os.chdir(scratch)
        try:
            with on(device) as target, contextlib.redirect_stdout(io.StringIO()):
                yield target, caught
        finally:
            os.chdir(before)
            sys.dont_write_bytecode = written
            sys.path.remove(str(folder))
            torch.set_warn_always(warned_always)
            torch.set_grad_enabled(True)
            torch.set_default_dtype(dtype)
            if "matplotlib.pyplot" in sys.modules:
                sys.modules["matplotlib.pyplot"].close("all")
            for name in set(sys.modules) - loaded:
                if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(folder)):
                    del sys.modules[name]


def _recorder(caught: list[Warned], folder: str) -> Callable[..., None]:
    """What notes a warning with the line of the fixture where it is given, or from where a library is called."""

    def show(message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: object) -> None:
        direct = filename.startswith(folder)
        frame: FrameType | None = sys._getframe()
        while not direct and frame is not None and not frame.f_code.co_filename.startswith(folder):
            frame = frame.f_back
        if issubclass(category, _QUIET) or (frame is None and not direct):
            return
        if not direct and frame is not None:
            filename, lineno = frame.f_code.co_filename, frame.f_lineno
        path = Path(filename).relative_to(folder).as_posix()
        caught.append(Warned(path, lineno, category.__name__, str(message), direct))

    return show


class _Tracer:
    """Tells the watches what happens in the lines of the fixture's files (``sys.settrace``)."""

    def __init__(self, files: Mapping[str, str], watches: list[Watch]) -> None:
        self._by_file = {file: [one for one in watches if one.claim.path == path] for path, file in files.items()}
        self._running: dict[FrameType, list[Watch]] = {}
        self._entered: dict[FrameType, list[Watch]] = {}
        self._unwinding: set[FrameType] = set()

    def trace(self, call: Callable[..., Any], target: torch.device) -> Any:
        """Call the function, traced; a debugger's or coverage's own trace function is put back."""
        previous = sys.gettrace()
        sys.settrace(self._called)
        try:
            return call(target)
        finally:
            sys.settrace(previous)

    def _called(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        code = frame.f_code
        return self._local if code.co_filename in self._by_file and code.co_name != STAND_IN else None

    def _local(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        watches = self._by_file[frame.f_code.co_filename]
        line = frame.f_lineno
        if event == "exception":
            self._unwinding.add(frame)
            for one in watches:
                if one.claim.line <= line <= one.claim.end:
                    one.hits += 1
                    one.raised(argument[1])
        elif frame.f_code.co_name not in _INNER_SCOPES:
            if event == "line":
                self._unwinding.discard(frame)
                self._moved_to(line, frame, watches)
            elif event == "return":
                self._returned(frame)
        return self._local

    def _moved_to(self, line: int, frame: FrameType, watches: list[Watch]) -> None:
        running = self._running.get(frame, [])
        inside = [one for one in watches if one.claim.line <= line <= one.claim.end]
        for one in running:
            if one not in inside:
                _tell(one, one.after, frame)
        for one in inside:
            if one not in running:
                one.hits += 1
                _tell(one, one.before, frame)
        self._running[frame] = inside
        entered = self._entered.setdefault(frame, [])
        entered += [one for one in inside if one not in entered]

    def _returned(self, frame: FrameType) -> None:
        running, entered = self._running.pop(frame, []), self._entered.pop(frame, [])
        if frame in self._unwinding:
            self._unwinding.discard(frame)
            return
        for one in running:
            _tell(one, one.after, frame)
        for one in entered:
            _tell(one, one.leave, frame)


def _tell(one: Watch, method: Callable[[FrameType], None], frame: FrameType) -> None:
    """A claim whose expression fails is reported as contradicted; the program runs on."""
    try:
        method(frame)
    except Exception as error:
        one.fault = one.fault or f"cannot evaluate {one.claim.text!r}: {type(error).__name__}: {error}"
