"""The project's other files: found through imports, read on demand, never imported or run."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path

import libcst as cst

from tensorlint.dependencies import UNREADABLE, Dependencies, digest, looked_for, noting, was_read
from tensorlint.discovery import display_path, project_root
from tensorlint.files import read
from tensorlint.flow.decorators import decorated
from tensorlint.flow.definitions import FileModel, FunctionDefinition, read_file
from tensorlint.flow.importers import DEFAULT_DTYPE, sets_default_dtype
from tensorlint.flow.lookup import candidates
from tensorlint.flow.machine import Frame, Machine, OutOfSteps, execute_all
from tensorlint.flow.state import State
from tensorlint.flow.toplevel import globals_of, needed_for, whole_of
from tensorlint.flow.values import External, Function, Unknown, Value
from tensorlint.settings import RowTable
from tensorlint.source import Source, SourceError
from tensorlint.versions import NEWEST

__all__ = ["Project", "forget"]

_numbers = itertools.count(1)
MOST_STATEMENTS = 400
"""Statements of called functions that the top level of an imported file may execute."""
MOST_READ = 5_000_000
"""Bytes of the other files that are read for a linted one, some seconds' work; what it imports beyond is not known."""


class _Shelf:
    """Files that several linted ones import, parsed once a process; the least recently used ones go."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Path, tuple[Source, FileModel]] = OrderedDict()
        self._size = 0

    def clear(self) -> None:
        """Keep nothing."""
        self._kept.clear()
        self._size = 0

    def get(self, path: Path, source: Source) -> tuple[Source, FileModel] | None:
        """The parsed file, if it still has this content and is called the same."""
        found = self._kept.get(path)
        if found is None or found[0].data != source.data or found[0].path != source.path:
            return None
        self._kept.move_to_end(path)
        return found

    def put(self, path: Path, source: Source, model: FileModel) -> None:
        """Keep a file."""
        old = self._kept.pop(path, None)
        self._size += len(source.data) - (len(old[0].data) if old is not None else 0)
        self._kept[path] = (source, model)
        while self._size > MOST_BYTES and len(self._kept) > 1:
            _, (gone, _) = self._kept.popitem(last=False)
            self._size -= len(gone.data)


MOST_BYTES = 4_000_000
"""Of source text; a syntax tree takes some hundred times as much."""
_SHELF = _Shelf()


def forget() -> None:
    """Keep no files: they take memory."""
    _SHELF.clear()


class Project:
    """The files below one root.

    A file is looked for where its importer's package says (relative imports), below the root, its ``src`` folder,
    and beside the importer or above it: wherever a script of the project would find it, but never on ``sys.path``.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.targets = NEWEST
        """The versions of torch and NumPy that its code is for."""
        self.rows: tuple[RowTable, ...] = ()
        """What its settings say of its own functions."""
        self.device = "any"
        """What it runs on, as ``assume-device`` says."""
        self._models: dict[Path, FileModel | None] = {}
        self._bytes = 0
        self._sources: dict[str, Source] = {}
        self._contents: dict[Path, str] = {}
        """The digests of the files that were read."""
        self._found: dict[tuple[Path, str], Path | None] = {}
        self._foreign: dict[int, set[str]] = {}
        """For each file (by its frame), names that are not of this project."""
        self._loading: set[tuple[int, str]] = set()

    @classmethod
    def of(cls, path: Path) -> Project:
        """The project that a file belongs to."""
        return cls(Path(project_root(str(path))))

    def source(self, path: str) -> Source:
        """The source of a file that evidence points to, by the path that it has there.

        :raises LookupError: if no file of this path was read
        """
        if path not in self._sources:
            raise LookupError(f"evidence in {path}, which was not read")
        return self._sources[path]

    def add(self, source: Source, path: Path) -> FileModel:
        """Read a file; it is the one that imports of this path find from now on."""
        self._contents[path] = digest(source.data)
        known = _SHELF.get(path, source)
        if known is not None and known[0].outline().fault is None:
            source.adopt(known[0])
            self._sources[source.path], self._models[path] = source, known[1]
            return known[1]
        model = read_file(source.path, source.outline(), source.text, self._name(path), self.package(path))
        model.frame = -next(_numbers)
        model.folder = path.parent
        self._sources[source.path] = source
        self._models[path] = model
        if path.suffix == ".py":  # a notebook is never imported
            _SHELF.put(path, source, model)
        return model

    def shares(self, other: Project) -> bool:
        """The files that both have read are the same, and so are the versions; this one takes over the others."""
        if (self.targets, self.rows, self.device) != (other.targets, other.rows, other.device):
            return False
        for path, model in other._models.items():
            if model is not None and self._models.get(path, model) is not model:
                return False
        self._models.update(other._models)
        self._contents.update(other._contents)
        self._sources = {**other._sources, **self._sources}
        return True

    def resolve(self, name: str, state: State, machine: Machine) -> Value | None:
        """The project's function, class or variable with a dotted name; None for names of libraries."""
        if name in machine.library.own:
            return None  # it is known what it does: what it is made of does not matter
        file = machine.frame.file
        foreign = self._foreign.setdefault(file.frame, set())
        if name in foreign or file.folder is None:
            return None
        module, _, attribute = name.rpartition(".")
        path = self._find(file.folder, module) if module else None
        if path is None:
            foreign.add(name)
            return None
        model = self.model(path)
        if model is None:
            return None
        value = self.global_name(model, attribute, state, machine)
        if isinstance(value, External) and value.name != name:  # re-exported
            resolved = self._resolve_from(path, value.name, state, machine)
            return resolved if resolved is not None else value
        return value

    def _resolve_from(self, path: Path, name: str, state: State, machine: Machine) -> Value | None:
        model = self._models.get(path)
        if model is None or len(machine.frames) > 40:
            return None
        machine.frames.append(Frame(None, model, model.frame))
        try:
            return self.resolve(name, state, machine)
        finally:
            machine.frames.pop()

    def find(self, folder: Path, module: str) -> Path | None:
        """The file of a module of the project, as it is imported in a folder."""
        return self._find(folder, module) if module else None

    def _find(self, folder: Path, module: str) -> Path | None:
        key = (folder, module)
        if key not in self._found:
            places = candidates(str(self.root), str(folder), module)
            self._found[key] = next((Path(path) for path in places if os.path.isfile(path)), None)
        found = self._found[key]
        looked_for(str(folder), module, None if found is None else str(found))
        return found

    def package(self, path: Path) -> str:
        """The package that the relative imports of a file start from."""
        name = self._name(path)
        return name if path.name == "__init__.py" else name.rpartition(".")[0]

    def _name(self, path: Path) -> str:
        try:
            parts = list(path.relative_to(self.root).with_suffix("").parts)
        except ValueError:
            parts = [path.stem]
        if parts and parts[-1] == "__init__":
            parts.pop()
        return ".".join(parts)

    def model(self, path: Path) -> FileModel | None:
        """A file of the project, read when it is first asked for; None if it cannot be, or if too much was read."""
        if path not in self._models:
            if self._bytes > MOST_READ:
                return None
            self._models[path] = None
            with contextlib.suppress(OSError, SourceError, RecursionError):
                data = read(path)
                self._bytes += len(data)
                self._contents[path] = digest(data)
                self.add(Source(data, display_path(str(path))), path)
        was_read(str(path), self._contents.get(path, UNREADABLE))
        return self._models[path]

    @contextlib.contextmanager
    def noting(self) -> Iterator[Dependencies]:
        """Note what is asked inside, even if it was asked before."""
        before, self._foreign = self._foreign, {}
        try:
            with noting() as noted:
                yield noted
        finally:
            self._foreign = before

    def global_name(self, file: FileModel, name: str, state: State, machine: Machine) -> Value | None:
        """A global name of a file, whose top level is executed only where nothing less tells what the name is."""
        present = state.frames.get(file.frame)
        if present is not None and (name in present or file.frame not in machine.partly):
            return present.get(name)
        if file.frame not in machine.loaded:
            known = globals_of(file)
            if not known.may_have(name):
                return None
            if name in known.plain:
                return known.plain[name]
            if name in known.decorated:
                return self._decorated(known.decorated[name], state, machine)
            if name in known.others:
                self._load_name(file, name, state, machine)
                return (state.frames.get(file.frame) or {}).get(name)
            if self._is_submodule(file, name):
                return None
        self.load(file, state, machine)
        return (state.frames.get(file.frame) or {}).get(name)

    def _is_submodule(self, file: FileModel, name: str) -> bool:
        """The name is that of a file beside a package's ``__init__.py``."""
        if file.folder is None or not file.path.endswith("__init__.py"):
            return False
        return self._find(file.folder, f"{file.name}.{name}") is not None

    def _load_name(self, file: FileModel, name: str, state: State, machine: Machine) -> None:
        """Have those statements of a file's top level executed that a global name depends on, once an analysis."""
        partly = machine.partly.setdefault(file.frame, State())
        if name not in partly.names:
            key = (file.frame, name)
            if key in self._loading:
                return
            self._loading.add(key)
            try:
                made = self._execute(file, needed_for(file, name), machine)
            finally:
                self._loading.discard(key)
            partly.names = {**made.names, **partly.names}
            partly.names.setdefault(name, Unknown(name))
            partly.heap.add_all(made.heap)
            partly.frames.add_all(made.frames)
        self._bring(file, partly, state)

    def _bring(self, file: FileModel, loaded: State, state: State) -> None:
        """Let what was executed of a file's top level be there."""
        state.frames[file.frame] = {**loaded.names, **(state.frames.get(file.frame) or {})}
        state.heap.add_all(loaded.heap)
        state.frames.add_all(loaded.frames)

    def load(self, file: FileModel, state: State, machine: Machine) -> None:
        """Have the top level of a file executed, once an analysis."""
        if state.frames.get(file.frame) is not None and file.frame not in machine.partly:
            return
        loaded = machine.loaded.get(file.frame)
        if loaded is None:
            key = (file.frame, "")
            if key in self._loading:
                return
            self._loading.add(key)
            try:
                loaded = machine.loaded[file.frame] = self._execute(file, whole_of(file), machine)
            finally:
                self._loading.discard(key)
        self._bring(file, loaded, state)

    def sets_default_dtype(self, file: FileModel) -> bool:
        """Whether what runs with a file changes the dtype that torch gives by default."""
        if DEFAULT_DTYPE.search(file.text.encode()):
            return True
        return file.folder is not None and sets_default_dtype(self.root, str(Path(file.path).absolute()))

    def _decorated(self, definition: FunctionDefinition, state: State, machine: Machine) -> Value:
        """What a function's decorators make of it, told once an analysis."""
        made = machine.decorated.get(definition)
        if made is None:
            function = Function(definition, (definition.file.frame,))
            made = machine.decorated[definition] = (function, State())  # for decorators that use the function itself
            with self._aside(definition.file, machine), contextlib.suppress(OutOfSteps):
                assert isinstance(definition.node, cst.FunctionDef)
                value = decorated(machine, definition.node, function, made[1])
                made = machine.decorated[definition] = (value, made[1])
        value, then = made
        state.heap.add_all(then.heap)
        state.frames.add_all(then.frames)
        return value

    def _execute(self, model: FileModel, statements: Sequence[cst.CSTNode], machine: Machine) -> State:
        """Execute statements of a file's top level, saying nothing about it."""
        state = State()
        with self._aside(model, machine), contextlib.suppress(OutOfSteps):
            execute_all(machine, statements, state)
        state.alive = True
        return state

    @contextlib.contextmanager
    def _aside(self, file: FileModel, machine: Machine) -> Iterator[None]:
        """Execute at the top level of a file, on a state of its own, and say nothing about it."""
        emit, frames, inlined = machine.emit, machine.frames, machine.inlined
        machine.emit, machine.frames, machine.inlined = lambda event: None, [], MOST_STATEMENTS
        machine.frames.append(Frame(None, file, file.frame))
        try:
            yield
        finally:
            machine.emit, machine.frames, machine.inlined = emit, frames, inlined
