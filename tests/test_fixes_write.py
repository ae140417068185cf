"""A file is written whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tensorlint.fixes.write import FileChanged, write_atomically

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
    with pytest.raises(FileChanged, match=r"program\.py was changed"):
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
