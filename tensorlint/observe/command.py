"""Running a command under observation. Needs neither torch nor NumPy."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from tensorlint.observe.journal import read_journal
from tensorlint.observe.recording import Recording
from tensorlint.observe.start import ENVIRONMENT, Plan

__all__ = ["environment", "gather", "run"]

_STARTUP = Path(__file__).resolve().parent / "startup"
_FORWARDED = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")


def run(command: Sequence[str], *, simulate: str = "", check_sharing: bool = True) -> tuple[int, Recording]:
    """Run a command with a recorder in it and in every Python process that it starts.

    :return: how it ended (negative: by that signal), and what was seen
    :raises OSError: if it cannot be started
    """
    with tempfile.TemporaryDirectory(prefix="tensorlint-observe-", ignore_cleanup_errors=True) as parts:
        plan = Plan(parts, simulate, check_sharing)
        process = subprocess.Popen(command, env=environment(plan, os.environ))
        with _signals_passed_on(process):
            code = process.wait()
        return code, gather(Path(parts))


def environment(plan: Plan, before: Mapping[str, str]) -> dict[str, str]:
    """The variables that make Python processes record."""
    path = [str(_STARTUP), *filter(None, [before.get("PYTHONPATH")])]
    return {**before, "PYTHONPATH": os.pathsep.join(path), ENVIRONMENT: plan.as_text()}


def gather(parts: Path) -> Recording:
    """What all processes saw, each in its journal."""
    recording = Recording()
    if not parts.is_dir():
        recording.faults[f"the program has removed {parts}, and with it what was seen"] = 1
        return recording
    for file in sorted(parts.iterdir()):
        recording.merge(read_journal(file))
    return recording


@contextlib.contextmanager
def _signals_passed_on(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """What the terminal sends reaches the command by itself; what is sent to this process is handed on."""

    def hand_on(number: int, frame: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)

    before = {signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN)}
    for name in _FORWARDED:
        if (number := getattr(signal, name, None)) is not None:
            before[number] = signal.signal(number, hand_on)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
