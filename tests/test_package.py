"""The wheel holds the package, its tables, its types and the fixtures, and nothing else."""

from __future__ import annotations

import email
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from checkout import ROOT

import tensorlint


def build(kind: str, source: Path, target: Path) -> Path:
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", target],
        cwd=source,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (built,) = target.iterdir()
    return built


def project_files(folder: str) -> set[str]:
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return zipfile.ZipFile(build("wheel", ROOT, tmp_path_factory.mktemp("wheel")))


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> email.message.Message:
    return email.message_from_bytes(wheel.read(f"tensorlint-{tensorlint.__version__}.dist-info/METADATA"))


def test_wheel_content(wheel: zipfile.ZipFile) -> None:
    content = {name for name in wheel.namelist() if ".dist-info/" not in name}
    fixtures = {name.replace("fixtures/", "tensorlint/_fixtures/", 1) for name in project_files("fixtures")}
    assert content == project_files("tensorlint") | fixtures
    assert "tensorlint/py.typed" in content
    assert "tensorlint/_fixtures/readme/train.py" in content
    assert any(name.startswith("tensorlint/library/") and name.endswith(".toml") for name in content)


def test_sdist_builds_the_same_wheel(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    sdist = build("sdist", ROOT, tmp_path / "sdist")
    with tarfile.open(sdist) as archive:
        names = archive.getnames()
        archive.extractall(tmp_path, filter="data")
    folder = tmp_path / f"tensorlint-{tensorlint.__version__}"
    again = zipfile.ZipFile(build("wheel", folder, tmp_path / "wheel"))
    assert sorted(again.namelist()) == sorted(wheel.namelist())
    for name in ("tests/test_package.py", ".ci/run", ".pre-commit-hooks.yaml", "LICENSE", "README.md"):
        assert f"{folder.name}/{name}" in names


def test_metadata(metadata: email.message.Message) -> None:
    assert metadata["Name"] == "tensorlint"
    assert metadata["Version"] == tensorlint.__version__
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.10"
    assert "tensorlint" in metadata.get_payload()


def test_running_needs_five_small_packages(metadata: email.message.Message) -> None:
    """torch and NumPy are for `tensorlint verify` and the tests alone."""
    required = metadata.get_all("Requires-Dist", [])
    always = {line.replace(" ", "") for line in required if "extra ==" not in line}
    assert always == {
        "click>=8.1",
        "libcst>=1.4",
        "pathspec>=1.1",
        "rich>=13.5",
        "tomli>=2;python_version<'3.11'",
    }
    assert {"numpy; extra == 'verify'", "torch; extra == 'verify'", "torch==2.13.0; extra == 'test'"} <= set(required)


def test_entry_points(wheel: zipfile.ZipFile) -> None:
    text = wheel.read(f"tensorlint-{tensorlint.__version__}.dist-info/entry_points.txt").decode()
    assert "[console_scripts]\ntensorlint = tensorlint.cli:main" in text
    assert "[flake8.extension]\nTSL = tensorlint.plugins.flake8:Plugin" in text
