"""Packages with rules and tables for tensorlint, as they lie in a folder of installed packages."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from checkout import ROOT

EXAMPLE = ROOT / "docs" / "examples" / "tensorlint-example"

PROGRAM = """import numpy as np
import torch

np.sqrt(torch.ones(3))
torch.ones(3, requires_grad=True).numpy()
"""
"""Found by the example's rule in line 4, and by TSL101 in line 5."""

RULE = '''from tensorlint.finding import Confidence
from tensorlint.flow.events import Conversion
from tensorlint.rules.base import Rule, Verdict


class Everything(Rule):
    """Anything that is converted.

    What it does
    ------------
    Finds it.

    Why is this bad?
    ----------------
    It is not.

    Example
    -------
        torch.ones(3).numpy()

    Use instead
    -----------
        torch.ones(3)

    Known limits
    ------------
    It knows nothing.

    Fix safety
    ----------
    There is no fix.

    Observed
    --------
    Nowhere.
    """

    code = "ABC101"
    name = "everything"
    events = (Conversion,)

    def judge(self, event):
        yield Verdict(event.place, "converted", Confidence.CERTAIN)
'''

WITHOUT_TORCH = """
import sys
from importlib.machinery import PathFinder

class Finder(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name == "torch" else super().find_spec(name, path, target)

sys.meta_path[:] = [Finder if each is PathFinder else each for each in sys.meta_path]
"""


def pip_install(package: Path, site: Path) -> Path:
    """Have pip install a package's folder into a folder, without the package index."""
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(site), str(package)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return site


@dataclass
class Packages:
    """A folder of installed packages, and one to run commands in."""

    site: Path
    folder: Path

    def add(self, package: str, entries: str, files: dict[str, str], version: str = "1.0") -> None:
        """Install a package: its entry points as they are written in ``entry_points.txt``, and its files."""
        about = self.site / f"{package.replace('-', '_')}-{version}.dist-info"
        about.mkdir(parents=True, exist_ok=True)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
        (about / "entry_points.txt").write_text(entries)
        for name, text in files.items():
            (self.site / name).parent.mkdir(parents=True, exist_ok=True)
            (self.site / name).write_text(text)

    def add_rule(self, text: str = RULE, entry: str = "ABC = abc_rules", package: str = "abc-rules") -> None:
        """Install a package with one module of rules."""
        self.add(package, f"[tensorlint.rules]\n{entry}\n", {"abc_rules.py": text})

    def __call__(
        self, *arguments: str, module: str = "tensorlint", before: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command where these packages are installed.

        :param before: a program that is run first
        """
        code = f"{before}\nimport runpy\nrunpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
        paths = [str(ROOT), str(self.site)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
        )
