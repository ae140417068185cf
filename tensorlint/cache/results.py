"""The results about one project that a cache holds, and which of them still hold."""

from __future__ import annotations

from collections.abc import Collection, Set
from dataclasses import dataclass, field

from tensorlint.cache.state import Content, State, Watched
from tensorlint.dependencies import Dependencies, Question
from tensorlint.finding import Finding
from tensorlint.flow.importers import module_name

__all__ = ["Result", "Stored", "surviving"]


@dataclass(frozen=True, slots=True)
class Result:
    """What was found in a file, and what that was made from."""

    findings: tuple[Finding, ...]
    noted: Dependencies


@dataclass(slots=True)
class Stored:
    """All that is kept about one project: its state, and the results that hold in it."""

    watched: Watched
    stamp: str
    layout: str
    contents: dict[str, Content] = field(default_factory=dict)
    results: dict[str, Result] = field(default_factory=dict)
    """By the absolute path of the file."""

    @classmethod
    def of(cls, state: State, results: dict[str, Result]) -> Stored:
        """The results that hold in a state, and what of it matters to them."""
        needed = {path for result in results.values() for path in result.noted.files}
        state.watched.loose &= needed
        if state.watched.indexed:
            needed.update(state.searched)
        contents = {path: state.content(path) for path in sorted(needed)}
        return cls(state.watched, state.stamp(), state.layout(), contents, results)


def surviving(old: Stored, state: State) -> dict[str, Result]:
    """Those results that hold in another state, which was taken of the same part of the disk."""
    moved = old.layout != state.layout()
    changed = {path for path, content in old.contents.items() if state.content(path).digest != content.digest}
    touched = _touched(old, state, changed) if old.watched.indexed else frozenset()

    def holds(noted: Dependencies) -> bool:
        return (
            changed.isdisjoint(noted.files)
            and not (moved and any(state.find(*wanted) != found for wanted, found in noted.modules.items()))
            and all(
                state.index.answer(question) == answer
                for question, answer in noted.questions.items()
                if _may_differ(question, touched)
            )
            and noted.versions in (None, state.versions)
        )

    return {path: result for path, result in old.results.items() if holds(result.noted)}


def _touched(old: Stored, state: State, changed: Collection[str]) -> frozenset[str]:
    """The names whose importers may be others, or may now mention torch, or set its default dtype."""
    before = {path for path, content in old.contents.items() if content.words is not None}
    touched: set[str] = set()
    for path in {*changed, *before.symmetric_difference(state.searched)}:
        content = old.contents.get(path)
        was = content.words if content is not None else None
        now = state.content(path).words
        names = [set(words.names) if words is not None else set() for words in (was, now)]
        same = was is not None and now is not None and was[1:] == now[1:]
        touched |= names[0] ^ names[1] if same else {*names[0], *names[1], module_name(path)}
    return frozenset(touched)


def _may_differ(question: Question, touched: Set[str]) -> bool:
    if question.kind != "importers":
        return bool(touched)
    return not touched.isdisjoint(question.names) or module_name(question.path) in touched
