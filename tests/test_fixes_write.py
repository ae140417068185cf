"""A file is written whole or not at all."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tensorlint.fixes import write
from tensorlint.fixes.write import FileChanged, remove_leftovers, write_atomically

OLD, NEW = b"old\r\n", b"\xef\xbb\xbfnew"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "program.py"
    path.write_bytes(OLD)
    return path


def test_the_content_is_written_and_nothing_else_is_left(target: Path) -> None:
    write_atomically(target, NEW, OLD)
    assert target.read_bytes() == NEW
    assert os.listdir(target.parent) == ["program.py"]


@pytest.mark.parametrize("mode", [0o755, 0o600, 0o664])
def test_the_mode_is_kept(target: Path, mode: int) -> None:
    target.chmod(mode)
    write_atomically(target, NEW, OLD)
    assert stat.S_IMODE(target.stat().st_mode) == mode


def test_a_link_stays_a_link(target: Path, tmp_path: Path) -> None:
    folder = tmp_path / "links"
    folder.mkdir()
    link = folder / "link.py"
    link.symlink_to(Path("..") / target.name)
    write_atomically(link, NEW, OLD)
    assert link.is_symlink()
    assert target.read_bytes() == NEW
    assert os.listdir(folder) == ["link.py"]


def test_a_file_that_was_changed_meanwhile_is_left_alone(target: Path) -> None:
    target.write_bytes(b"theirs")
    with pytest.raises(FileChanged, match="it was changed by somebody else meanwhile"):
        write_atomically(target, NEW, OLD)
    assert target.read_bytes() == b"theirs"
    assert os.listdir(target.parent) == ["program.py"]


def test_a_read_only_file_is_left_alone(target: Path) -> None:
    target.chmod(0o444)
    with pytest.raises(PermissionError):
        write_atomically(target, NEW, OLD)
    assert target.read_bytes() == OLD
    assert os.listdir(target.parent) == ["program.py"]


def test_a_file_that_is_gone_is_not_made_anew(target: Path) -> None:
    target.unlink()
    with pytest.raises(FileNotFoundError):
        write_atomically(target, NEW, OLD)
    assert os.listdir(target.parent) == []


@pytest.mark.parametrize("broken", ["fsync", "replace", "chmod"])
def test_a_failure_on_the_way_leaves_the_old_content_and_no_temporary_file(
    target: Path, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, broken, fail)
    with pytest.raises(OSError, match="no space left"):
        write_atomically(target, NEW, OLD)
    assert target.read_bytes() == OLD
    assert os.listdir(target.parent) == ["program.py"]


def test_what_is_changed_while_the_new_content_is_written_is_left_alone(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def slow(handle: int) -> None:
        real(handle)
        target.write_bytes(b"theirs")

    monkeypatch.setattr(os, "fsync", slow)
    with pytest.raises(FileChanged):
        write_atomically(target, NEW, OLD)
    assert target.read_bytes() == b"theirs"
    assert os.listdir(target.parent) == ["program.py"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_in_the_place_of_the_file_is_left_alone(target: Path) -> None:
    target.unlink()
    os.mkfifo(target)
    with pytest.raises(FileChanged):
        write_atomically(target, NEW, OLD)
    assert os.listdir(target.parent) == ["program.py"]


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only the superuser gives files away")
def test_the_owner_is_kept(target: Path) -> None:
    target.chmod(0o4750)
    os.chown(target, 12345, 23456)
    target.chmod(0o4750)
    write_atomically(target, NEW, OLD)
    known = target.stat()
    assert (known.st_uid, known.st_gid, stat.S_IMODE(known.st_mode)) == (12345, 23456, 0o4750)


def test_where_the_owner_cannot_be_kept_nothing_is_written(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.stat

    class Elsewhere:
        st_uid, st_gid = 54321, 54321

    def stat_of(path: object, **more: bool) -> object:
        return Elsewhere if ".tensorlint-" in str(path) else real(path, **more)  # type: ignore[call-overload]

    def refuse(*args: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(write.os, "stat", stat_of)
    monkeypatch.setattr(write.os, "chown", refuse)
    with pytest.raises(PermissionError, match="its owner and group could not be kept"):
        write_atomically(target, NEW, OLD)
    monkeypatch.undo()
    assert target.read_bytes() == OLD
    assert os.listdir(target.parent) == ["program.py"]


def test_extended_attributes_are_kept(target: Path) -> None:
    try:
        os.setxattr(target, "user.note", b"kept")
    except (OSError, AttributeError):
        pytest.skip("this file system has no extended attributes")
    write_atomically(target, NEW, OLD)
    assert os.getxattr(target, "user.note") == b"kept"


def test_of_several_names_the_given_one_gets_the_new_content(target: Path) -> None:
    other = target.with_name("other.py")
    os.link(target, other)
    write_atomically(target, NEW, OLD)
    assert (target.read_bytes(), other.read_bytes()) == (NEW, OLD)


def test_forgotten_temporary_files_are_removed(target: Path, tmp_path: Path) -> None:
    for name in (".tensorlint-old.tmp", ".tensorlint-young.tmp", ".tensorlint-notes.md", "kept.tmp"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / ".tensorlint-folder.tmp").mkdir()
    (tmp_path / ".tensorlint-link.tmp").symlink_to(target)
    long_ago = time.time() - 3600
    for path in tmp_path.iterdir():
        os.utime(path, (long_ago, long_ago), follow_symlinks=False)
    os.utime(tmp_path / ".tensorlint-young.tmp")
    remove_leftovers([str(target), str(tmp_path / "gone" / "x.py")])
    assert sorted(os.listdir(tmp_path)) == [
        ".tensorlint-folder.tmp",
        ".tensorlint-link.tmp",
        ".tensorlint-notes.md",
        ".tensorlint-young.tmp",
        "kept.tmp",
        "program.py",
    ]


KILLING = r"""
import json, os, random, signal, sys, time
from tensorlint.session import Mode, Task, run
from tensorlint.settings import Settings

OLD = b"import torch\n\n\ndef f(x: torch.Tensor):\n    return torch.relu(x.requires_grad_()).numpy()\n"
SETTINGS = Settings(target_torch="newest", target_numpy="newest")
names = [f"f{number}.py" for number in range(6)]

def write_old():
    for name in names:
        with open(name, "wb") as file:
            file.write(OLD)

def fix():
    run([Task(os.path.abspath(name), SETTINGS) for name in names], Mode(fix=True), jobs=1)

def contents():
    return [open(name, "rb").read() for name in names]

write_old(); fix()
new = contents()[0]
assert new != OLD and set(contents()) == {new}
write_old(); start = time.perf_counter(); fix(); seconds = time.perf_counter() - start
told = {"killed": 0, "broken": 0, "midway": 0, "untouched": 0, "done": 0}
rnd = random.Random(0)
for _ in range(200):
    write_old()
    child = os.fork()
    if child == 0:
        fix()
        os._exit(0)
    time.sleep(rnd.uniform(seconds / 4, seconds))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    now = contents()
    told["killed"] += 1
    told["broken"] += any(each not in (OLD, new) for each in now)
    told["midway"] += len(set(now)) == 2
    told["untouched"] += set(now) == {OLD}
    told["done"] += set(now) == {new}
    seconds *= 1.2 if set(now) == {OLD} else 0.85 if set(now) == {new} else 1  # however busy the machine is
told["strays"] = sum(name not in names for name in os.listdir("."))
for name in os.listdir("."):
    os.utime(name, (0, 0))
write_old(); fix()
told["left"] = sorted(set(os.listdir(".")) - set(names))
print(json.dumps(told))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is killed that is a copy of one which has begun")
def test_killed_at_any_moment_every_file_is_the_old_or_the_new_one(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", KILLING]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["killed"], told["broken"], told["left"]) == (200, 0, [])
    assert told["midway"] > 10  # else it was killed too early or too late to tell
