"""The folder of the cache: what is damaged, foreign or in the way is ignored with a warning and harms nothing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import pytest

from tensorlint.cache import folder
from tensorlint.cli import main

Check = Callable[..., str]
Command = Callable[..., "Done"]

HEAD = "import torch\nfrom torch import nn\n"
FOUND = "a.py:4:12: TSL101"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text("")
    (root / "a.py").write_text(HEAD + "def f(net: nn.Linear, x):\n    return net(x).numpy()\n")
    (root / "b.py").write_text(HEAD)
    return root


class Done(NamedTuple):
    code: object
    out: str
    err: str


@pytest.fixture
def tensorlint(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    def run(root: Path, *arguments: str, **environment: str) -> Done:
        with monkeypatch.context() as patch, pytest.raises(SystemExit) as ended:
            patch.chdir(root)
            for name, value in environment.items():
                patch.setenv(name, value)
            main(arguments)
        return Done(ended.value.code, *capsys.readouterr())

    return run


@pytest.fixture
def check(tensorlint: Command) -> Callable[..., str]:
    """Lints the project, whose findings must be those that there are; gives what goes to standard error."""

    def run(root: Path, *arguments: str, **environment: str) -> str:
        done = tensorlint(root, "check", "--isolated", "--output-format", "concise", *arguments, **environment)
        assert done.code == 1, done.err
        assert done.out.startswith(FOUND), done.out
        assert "Found 1 finding" in done.out
        return done.err

    return run


def kept(root: Path) -> Path:
    (file,) = (root / ".tensorlint_cache").glob("*.results")
    return file


def test_it_keeps_out_of_git_and_of_backups(project: Path, check: Check) -> None:
    assert check(project) == ""
    assert sorted(path.name for path in (project / ".tensorlint_cache").iterdir()) == sorted(
        [".gitignore", "CACHEDIR.TAG", kept(project).name]
    )
    assert (
        (project / ".tensorlint_cache/CACHEDIR.TAG")
        .read_text()
        .startswith("Signature: 8a477f597d28d172789f06886806bc55")
    )
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    status = subprocess.run(["git", "status", "--porcelain"], cwd=project, capture_output=True, text=True, check=True)
    assert ".tensorlint_cache" not in status.stdout


def flip(file: Path, at: int) -> None:
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    file.write_bytes(data)


def signed(head: object, body: object) -> bytes:
    """What has the right form up to the last digest, and the wrong content."""
    rest = json.dumps(head).encode() + b"\n" + json.dumps(body).encode()
    return b"tensorlint cache 1 " + blake2b(rest, digest_size=16).hexdigest().encode() + b"\n" + rest


def with_head(change: Callable[[dict[str, object]], object]) -> Callable[[Path], object]:
    def damage(file: Path) -> None:
        _, head, body = file.read_bytes().split(b"\n")
        heads = json.loads(head)
        change(heads[0])
        file.write_bytes(signed(heads, json.loads(body)))

    return damage


DAMAGES: dict[str, Callable[[Path], object]] = {
    "nothing in it": lambda file: file.write_bytes(b""),
    "cut off": lambda file: file.write_bytes(file.read_bytes()[:-20]),
    "cut off early": lambda file: file.write_bytes(file.read_bytes()[:10]),
    "random bytes": lambda file: file.write_bytes(bytes(range(256)) * 40),
    "one bit": lambda file: flip(file, 200),
    "one bit at the end": lambda file: flip(file, -3),
    "another form": lambda file: file.write_bytes(file.read_bytes().replace(b"cache 1 ", b"cache 9 ", 1)),
    "a pickle": lambda file: file.write_bytes(b"cposix\nsystem\n(S'touch owned'\ntR."),
    "no lists": lambda file: file.write_bytes(signed({}, {})),
    "nested too deeply": lambda file: file.write_bytes(b"[" * 100_000),
    "findings that are none": with_head(lambda head: head.update(findings={"/x": [["TSL101"]]})),
    "numbers for texts": with_head(lambda head: head.update(folders=[1, 2])),
    "nothing": with_head(lambda head: head.clear()),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_ignored_and_replaced(damage: str, project: Path, check: Check) -> None:
    check(project)
    DAMAGES[damage](kept(project))
    assert re.fullmatch(r"warning: the cache is not used: \S+\.results: damaged\n", check(project))
    assert check(project) == ""
    assert not (project / "owned").exists()


def test_a_body_that_does_not_belong_to_its_head(project: Path, check: Check) -> None:
    check(project)
    head = json.loads(kept(project).read_bytes().split(b"\n")[1])
    kept(project).write_bytes(signed(head, [{}]))
    assert check(project) == ""  # nothing has changed: the findings are all that is needed
    (project / "b.py").write_text(HEAD + "\n")
    assert ": damaged" in check(project)
    assert check(project) == ""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_what_is_no_regular_file_is_neither_read_nor_waited_for(
    kind: str, project: Path, tmp_path: Path, check: Check
) -> None:
    check(project)
    file = kept(project)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(file.read_bytes())
    file.unlink()
    if kind == "link":
        file.symlink_to(elsewhere)
    elif kind == "folder":
        file.mkdir()
    else:
        os.mkfifo(file)
    before = elsewhere.read_bytes()
    said = check(project)
    assert "the cache is not used: " in said
    assert elsewhere.read_bytes() == before
    if kind == "folder":  # what is not tensorlint's is not deleted
        assert "the cache cannot be written: " in said
        assert file.is_dir()
    else:
        assert check(project) == ""


def test_a_folder_that_cannot_be_one(project: Path, tmp_path: Path, check: Check) -> None:
    (project / ".tensorlint_cache").write_text("mine")
    said = check(project)
    assert said.count("warning: ") == 2
    assert (project / ".tensorlint_cache").read_text() == "mine"
    assert "the cache cannot be written: " in check(project, "--cache-dir", "/proc/nowhere")


def test_a_cache_of_another_version_is_another_one(project: Path, check: Check) -> None:
    check(project)
    first = kept(project)
    kept_by_other = first.with_name("0" * 32 + ".results")
    first.rename(kept_by_other)
    before = kept_by_other.read_bytes()
    assert check(project) == ""
    assert kept_by_other.read_bytes() == before


def test_where_it_is_and_whether_it_is(project: Path, tmp_path: Path, check: Check, tensorlint: Command) -> None:
    check(project, "--no-cache")
    check(project, TENSORLINT_NO_CACHE="1")
    assert not (project / ".tensorlint_cache").exists()
    check(project, "--cache-dir", str(tmp_path / "deep/one"))
    check(project, TENSORLINT_CACHE_DIR=str(tmp_path / "two"))
    assert list((tmp_path / "deep/one").glob("*.results"))
    assert list((tmp_path / "two").glob("*.results"))
    assert not (project / ".tensorlint_cache").exists()
    (project / "sub").mkdir()
    done = tensorlint(project / "sub", "check", "--isolated", "..")
    assert done.code == 1
    assert kept(project)


def test_the_settings_say_where_it_is(project: Path, tmp_path: Path, tensorlint: Command) -> None:
    (project / "sub").mkdir()
    (project / "sub" / "a.py").write_bytes((project / "a.py").read_bytes())
    (project / "tensorlint.toml").write_text('cache-dir = "../kept"\n')
    for here in (project, project / "sub"):
        assert tensorlint(here, "check").code == 1
    assert len(list((tmp_path / "kept").glob("*.results"))) == 2  # one for each working folder
    assert tensorlint(project, "check", "--cache-dir", "one").code == 1
    assert tensorlint(project, "check", TENSORLINT_CACHE_DIR="two").code == 1
    assert tensorlint(project / "sub", "check", "--config", "cache-dir='three'").code == 1
    for where in ("one", "two", "sub/three"):
        assert list((project / where).glob("*.results"))
    assert len(list((tmp_path / "kept").glob("*.results"))) == 2
    assert tensorlint(project / "sub", "clean").out == f"Deleted the results in {tmp_path / 'kept'}.\n"
    assert not (tmp_path / "kept").exists()
    assert not (project / ".tensorlint_cache").exists()


def test_where_it_is_does_not_change_what_is_kept(project: Path, tmp_path: Path, tensorlint: Command) -> None:
    (project / "tensorlint.toml").write_text('cache-dir = "../kept"\n')
    tensorlint(project, "check")
    tensorlint(project, "check", "--cache-dir", "../kept", "--config", "cache-dir='elsewhere'")
    assert len(list((tmp_path / "kept").glob("*.results"))) == 1


@pytest.mark.parametrize(
    ("text", "said"), [("1", "takes the path of a folder, as a string, not 1"), ("''", "names no folder")]
)
def test_what_is_no_folder_in_the_settings(text: str, said: str, project: Path, tensorlint: Command) -> None:
    (project / "tensorlint.toml").write_text(f"cache-dir = {text}\n")
    for command in ("check", "clean"):
        done = tensorlint(project, command)
        assert (done.code, done.err) == (2, f"Error: {project / 'tensorlint.toml'}: 'cache-dir' {said}\n")


def test_old_files_go(tmp_path: Path) -> None:
    where = str(tmp_path / "cache")
    for number in range(folder.MOST_FILES + 5):
        folder.write(where, f"{number:032x}", b"[]", b"[]")
        os.utime(tmp_path / f"cache/{number:032x}.results", (number, number))
    folder.write(where, "f" * 32, b"[]", b"[]")
    left = sorted(path.stem for path in (tmp_path / "cache").glob("*.results"))
    assert len(left) == folder.MOST_FILES
    assert left[-1] == "f" * 32
    assert f"{0:032x}" not in left


def test_what_would_be_too_large_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "MOST_BYTES", 2_000)
    folder.write(str(tmp_path), "0" * 32, b"[]", b" " * 2_000)
    assert folder.read(str(tmp_path), "0" * 32) is None
    folder.write(str(tmp_path), "0" * 32, b"[]", b" " * 500)
    monkeypatch.setattr(folder, "MOST_BYTES", 100)
    with pytest.raises(folder.Unusable, match="too large"):
        folder.read(str(tmp_path), "0" * 32)


def test_two_at_once(project: Path, check: Check) -> None:
    """Several processes that write at once leave a cache that can be used."""
    for number in range(6):
        (project / f"c{number}.py").write_text(HEAD + f"x = {number}\n")
    command = [sys.executable, "-m", "tensorlint", "check", "--isolated", "--output-format", "json", "."]
    running = [subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
    said = [each.communicate(timeout=120) for each in running]
    assert len({out for out, _ in said}) == 1
    assert all(err == b"" for _, err in said)
    assert check(project) == ""
    assert not list((project / ".tensorlint_cache").glob("*.part"))


class TestClean:
    def test_deletes_what_is_kept(self, project: Path, check: Check, tensorlint: Command) -> None:
        check(project)
        done = tensorlint(project, "clean")
        assert (done.code, done.err) == (0, "")
        assert done.out == f"Deleted the results in {project / '.tensorlint_cache'}.\n"
        assert not (project / ".tensorlint_cache").exists()
        assert tensorlint(project, "clean").out.startswith("There are no results in ")

    def test_nothing_else(self, project: Path, tmp_path: Path, check: Check, tensorlint: Command) -> None:
        check(project, "--cache-dir", ".")
        (project / "precious.results").write_text("")
        (project / f"{'0' * 32}.results").mkdir()
        assert tensorlint(project, "clean", "--cache-dir", ".").code == 0
        left = {path.name for path in project.iterdir()}
        assert left == {"a.py", "b.py", "pyproject.toml", "precious.results", f"{'0' * 32}.results"}

    def test_a_link_is_not_followed_to_what_is_not_ours(
        self, project: Path, tmp_path: Path, check: Check, tensorlint: Command
    ) -> None:
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / ".gitignore").write_text("mine\n")
        (project / ".tensorlint_cache").symlink_to(elsewhere)
        check(project)
        assert (elsewhere / ".gitignore").read_text() == "mine\n"
        tensorlint(project, "clean")
        assert (elsewhere / ".gitignore").read_text() == "mine\n"
        assert [path.name for path in elsewhere.iterdir()] == [".gitignore"]

    def test_what_cannot_be_deleted(self, project: Path, tensorlint: Command) -> None:
        (project / ".tensorlint_cache").write_text("mine")
        assert tensorlint(project, "clean").out.startswith("There are no results in ")
        assert (project / ".tensorlint_cache").read_text() == "mine"
