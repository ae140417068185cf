"""Watches of what a line does: raising, warning, comparing, taking its time."""

from __future__ import annotations

import ast
import timeit
from types import FrameType

from tensorlint.verify.claims import Claim
from tensorlint.verify.watch import Seen, Warned, Watch, code, names

__all__ = ["Always", "Fails", "Raises", "Slower", "Warns"]


class Raises(Watch):
    seen: BaseException | None = None

    def raised(self, error: BaseException) -> None:
        if self.seen is None or not self._as_claimed(self.seen):
            self.seen = error

    def _as_claimed(self, error: BaseException) -> bool:
        text = self.claim.detail.replace("{device}", self.device)
        return self.claim.subject in {kind.__name__ for kind in type(error).__mro__} and text in str(error)

    def finish(self, warned: list[Warned]) -> Seen:
        if self.seen is None:
            return Seen(False, "nothing raised")
        return Seen(self._as_claimed(self.seen), f"raises {type(self.seen).__name__}: {_first_line(str(self.seen))}")


class Fails(Raises):
    """The line itself does not raise; the program does afterwards."""

    ran = False

    def after(self, frame: FrameType) -> None:
        self.ran = True

    def raised(self, error: BaseException) -> None:
        """What is raised in the line itself is not later."""

    def finish(self, warned: list[Warned]) -> Seen:
        self.seen = self.ended if self.ran else None
        return super().finish(warned)


class Warns(Watch):
    def finish(self, warned: list[Warned]) -> Seen:
        claim = self.claim
        here = [one for one in warned if one.path == claim.path and claim.line <= one.line <= claim.end]
        held = any(one.category == claim.subject and claim.detail in one.text for one in here)
        texts = sorted({f"warns {one.category}: {_first_line(one.text)}" for one in here})
        return Seen(held, "; ".join(texts) or "no warning")


class Always(Watch):
    def __init__(self, claim: Claim, marked: ast.expr | None, device: str) -> None:
        super().__init__(claim, marked, device)
        self.values: set[bool] = set()

    def before(self, frame: FrameType) -> None:
        if self.marked is None:
            raise ValueError("no comparison is marked on this line")
        self.values.add(bool(self.value(self.marked, frame)))

    def finish(self, warned: list[Warned]) -> Seen:
        wanted = self.claim.subject == "True"
        return Seen(self.values == {wanted}, " and ".join(sorted(map(str, self.values))))


class Slower(Watch):
    factor = 0.0

    def before(self, frame: FrameType) -> None:
        if self.marked is None:
            raise ValueError("no expression is marked on this line")
        if self.hits == 1:
            times = []
            for source in (self.marked, self.claim.subject):
                compiled = code(source)
                run = timeit.Timer("eval(code, names)", globals={"code": compiled, "names": names(frame)})
                times.append(min(run.repeat(5, 1)))
            self.factor = times[0] / max(times[1], 1e-9)

    def finish(self, warned: list[Warned]) -> Seen:
        held = self.factor > float(self.claim.detail)
        return Seen(held, f"{'more' if held else 'less'} than {self.claim.detail} times as slow")


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0][:160] if text.strip() else ""
