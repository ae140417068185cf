"""Fixes in notebooks: strings of the cells' texts change, and not one byte of the rest."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from commands import Run
from notebooks import cells_of, notebook

from tensorlint.finding import Edit
from tensorlint.fixes.apply import FixResult, fix_source
from tensorlint.linter import lint
from tensorlint.noqa_edits import silenced
from tensorlint.notebook import source_of
from tensorlint.settings import Settings

IMPORTS = "import numpy as np\nimport torch\nfrom torch import nn"
NET = "net = nn.Linear(3, 1)\nx = torch.rand(5, 3)\nopt = torch.optim.SGD(net.parameters(), lr=0.1)"
KEEPING = "for _ in range(3):\n    net(x).sum().backward()\n    opt.step()\n    best = net.state_dict()"
READ = "net.load_state_dict(best)"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The notebooks belong to no project."""
    monkeypatch.chdir(tmp_path)


def result_of(data: bytes, unsafe: bool = True) -> FixResult:
    return fix_source(source_of(data, "a.ipynb"), lambda source: lint(source, Settings()), unsafe)


def fixed(text: str) -> str:
    result = result_of(text.encode())
    assert result.diagnostic is None
    assert result.findings == []
    return result.data.decode()


def raw(source: str) -> str:
    """A notebook with one cell, whose text is written just so."""
    cell = f'{{"cell_type":"code","metadata":{{}},"outputs":[],"source":{source}}}'
    return f'{{"nbformat" : 4,"cells":[{cell}], "metadata":{{}}}}'


HEAD = '"import torch\\n", "x = torch.ones(1, requires_grad=True)\\n"'


class TestBytes:
    def test_only_the_string_that_is_fixed(self) -> None:
        text = notebook("#md net(x).numpy()", IMPORTS, NET, "%time y = net(x).numpy()\nz = '\N{BRAIN}é'", outputs=True)
        assert fixed(text) == text.replace("y = net(x).numpy()", "y = net(x).detach().cpu().numpy()")

    @pytest.mark.parametrize(
        "source",
        [
            f'[{HEAD}, "x.numpy()"]',
            f'[{HEAD}, "s = \'\\ud83e\\udde0\\t\\\\n\'; x.nu", "mpy() # é"]',
            f'[\n  {HEAD},\n  "  \\n",\n\n  "x.numpy()\\r\\n"\n]',
            '"import torch\\nx = torch.ones(1, requires_grad=True)\\n\\u0078.numpy() # \\ud83e\\udde0 \\/\\u00e9"',
            '[ "import torch\\r\\n" ,"x = torch.ones(1, requires_grad=True); x.numpy()\\r\\n"\n\n]',
        ],
    )
    def test_in_every_way_of_writing(self, source: str) -> None:
        assert fixed(raw(source)) == raw(source).replace(".nu", ".detach().cpu().nu")

    @pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n  "])
    @pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
    def test_line_ends_and_marks_of_the_file(self, end: str, bom: bytes) -> None:
        text = (raw(f'[{HEAD}, "x.numpy()"]') + end).replace('"cells"', end + '"cells"')
        result = result_of(bom + text.encode())
        assert result.data == bom + text.replace("x.numpy", "x.detach().cpu().numpy").encode()

    def test_of_a_key_that_is_there_twice_the_last_changes(self) -> None:
        text = raw(f'"x.numpy()", "source": [{HEAD}, "x.numpy()"]')
        assert fixed(text) == text[::-1].replace("x.numpy()"[::-1], "x.detach().cpu().numpy()"[::-1], 1)[::-1]

    def test_an_indented_cell(self) -> None:
        text = notebook(IMPORTS, NET, "  y = 1\n  net(x).numpy()")
        assert fixed(text) == text.replace("net(x).numpy()", "net(x).detach().cpu().numpy()")

    def test_the_fixed_notebook_is_one(self) -> None:
        text = notebook(IMPORTS, NET, KEEPING, READ, "y = net(x).numpy()", outputs=True)
        before, after = json.loads(text), json.loads(fixed(text))
        cells_of(fixed(text))
        for cell in (*before["cells"], *after["cells"]):
            del cell["source"]
        assert before == after

    def test_nbformat_3_without_line_ends(self) -> None:
        lines = ["import torch", "x = torch.ones(1, requires_grad=True)", "x.numpy()"]
        cell = {"cell_type": "code", "input": lines, "language": "python", "outputs": []}
        text = json.dumps({"metadata": {}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": [cell]}]})
        assert fixed(text) == text.replace("x.numpy", "x.detach().cpu().numpy")


class TestNewLines:
    """A fix that imports something."""

    def test_a_line_is_a_string_of_its_own(self) -> None:
        text = notebook(f"%matplotlib inline\n{IMPORTS}\n", NET, KEEPING, READ)
        assert fixed(text) == text.replace("= net.state_dict()", "= copy.deepcopy(net.state_dict())").replace(
            '    "import numpy', '    "import copy\\n",\n    "\\n",\n    "import numpy'
        )

    def test_in_a_string(self) -> None:
        made = json.loads(notebook(IMPORTS, NET, KEEPING, READ))
        for cell in made["cells"]:
            cell["source"] = "".join(cell["source"])
        after = cells_of(fixed(json.dumps(made)))
        assert after[0] == f"import copy\n\n{IMPORTS}"

    def test_after_imports_at_the_end_of_a_cell(self) -> None:
        for first in (
            "import torch\nfrom torch import nn\nimport abc",
            "import torch\nfrom torch import nn\nimport abc\n",
        ):
            after = cells_of(fixed(notebook(first, f"%%time\n{NET}", KEEPING, READ)))
            assert after[0].rstrip("\n") == f"{first.rstrip()}\nimport copy"
            assert after[1] == f"%%time\n{NET}"

    def test_before_the_imports_of_a_timed_cell(self) -> None:
        after = cells_of(fixed(notebook(f"%%time\n{IMPORTS}", NET, KEEPING, READ)))
        assert after[0] == f"%%time\nimport copy\n\n{IMPORTS}"

    def test_after_a_docstring_in_a_cell_of_its_own(self) -> None:
        after = cells_of(fixed(notebook('"""A title."""', f"{IMPORTS}\n{NET}", KEEPING, READ)))
        assert after[:2] == ['"""A title."""', f"import copy\n\n{IMPORTS}\n{NET}"]

    def test_line_ends_are_those_of_the_cell(self) -> None:
        first = IMPORTS.replace("\n", "\r\n")
        after = cells_of(fixed(notebook(first, NET, KEEPING, READ)))
        assert after[0] == f"import copy\r\n\r\n{first}"
        after = cells_of(fixed(notebook("x = 1\r\n", f"{IMPORTS}\n{NET}", KEEPING, READ)))
        assert "\r" not in after[1]

    def test_where_no_line_can_be_put(self) -> None:
        """The finding is there, without a fix."""
        text = notebook(f"  {IMPORTS}".replace("\n", "\n  "), NET, KEEPING, READ)  # an indented cell
        result = result_of(text.encode())
        assert [each.code for each in result.findings] == ["TSL203"]
        assert result.findings[0].fix is None
        assert result.data.decode() == text


class TestEdits:
    SOURCE = source_of(notebook("%time y = 1\nx = 2", "%%bash\nls", "z = 3").encode(), "a.ipynb")

    @pytest.mark.parametrize(
        "edit",
        [
            Edit(1, 1, 1, 7, "print"),  # where the notebook has a magic
            Edit(1, 3, 1, 3, "print"),
            Edit(2, 1, 5, 2, "x"),  # over two cells
            Edit(4, 1, 4, 1, "x"),  # in a cell of another language
            Edit(4, 1, 4, 1, "x\n"),
            Edit(1, 1, 1, 2, "x", cell=9),
            Edit(9, 9, 9, 9, "x", cell=3),
        ],
    )
    def test_no_place_for_it(self, edit: Edit) -> None:
        with pytest.raises(ValueError, match=r"no place|no cell"):
            self.SOURCE.edited([edit])

    def test_overlapping(self) -> None:
        with pytest.raises(ValueError, match="overlapping edits at"):
            self.SOURCE.edited([Edit(2, 1, 2, 4, "y"), Edit(2, 2, 2, 3, "z")])

    def test_those_of_the_program_and_those_of_cells(self) -> None:
        data = self.SOURCE.edited([Edit(1, 7, 1, 8, "w"), Edit(1, 1, 1, 2, "long", cell=3), Edit(2, 6, 2, 6, " # é")])
        assert cells_of(data.decode()) == ["%time w = 1\nx = 2 # é", "%%bash\nls", "long = 3"]


def test_comments_are_added_in_cells() -> None:
    text = notebook(IMPORTS, NET, "y = net(x).numpy()\n%time z = net(x).numpy()", "w = net(x).numpy()  # so")
    source = source_of(text.encode(), "a.ipynb")
    data, left = silenced(source, lint(source, Settings()))
    assert left == []
    assert data.decode() == text.replace("y = net(x).numpy()", "y = net(x).numpy()  # noqa: TSL101").replace(
        "%time z = net(x).numpy()", "%time z = net(x).numpy()  # noqa: TSL101"
    ).replace("# so", "# so  # noqa: TSL101")
    assert lint(source_of(data, "a.ipynb"), Settings()) == []


class TestCommand:
    def test_the_fix_is_written(self, run: Run) -> None:
        text = notebook(IMPORTS, NET, "y = net(x).numpy()", outputs=True)
        file = run.write("a.ipynb", text)
        os.chmod(file, 0o640)
        assert run("check", "--fix", "a.ipynb").code == 0
        assert file.read_bytes().decode() == text.replace("net(x).numpy", "net(x).detach().cpu().numpy")
        assert file.stat().st_mode & 0o777 == 0o640
        assert run("check", "--diff", "a.ipynb").code == 0

    def test_the_diff_is_by_cells(self, run: Run) -> None:
        text = notebook(IMPORTS, NET, "#md", "%cd x\ny = net(x).numpy()\nz = 'é'")
        run.write("a.ipynb", text)
        result = run("check", "--diff", ".")
        assert result.code == 1
        assert result.out == (
            "--- a.ipynb:cell 4\n+++ a.ipynb:cell 4\n@@ -1,3 +1,3 @@\n %cd x\n"
            "-y = net(x).numpy()\n+y = net(x).detach().cpu().numpy()\n z = 'é'\n"
        )
        assert (run.folder / "a.ipynb").read_text("utf-8") == text

    def test_from_standard_input(self, run: Run) -> None:
        text = notebook(IMPORTS, NET, "y = net(x).numpy()")
        result = run("check", "--fix", "--stdin-filename", "a.ipynb", "-", stdin=text.encode())
        assert result.out == text.replace("net(x).numpy", "net(x).detach().cpu().numpy")

    def test_what_cannot_be_linted_is_left_alone(self, run: Run) -> None:
        text = notebook(IMPORTS, NET, "y = net(x).numpy()", "x = = 2")
        file = run.write("a.ipynb", text)
        result = run("check", "--fix", "--output-format", "concise", "a.ipynb")
        assert result.code == 2
        assert result.out.startswith("a.ipynb:cell 4:1:5: TSL900 [certain] syntax error")
        assert file.read_text("utf-8") == text

    def test_comments(self, run: Run) -> None:
        file = run.write("a.ipynb", notebook(IMPORTS, NET, "y = net(x).numpy()"))
        assert run("check", "--add-noqa", ".").code == 0
        assert cells_of(file.read_text("utf-8"))[2] == "y = net(x).numpy()  # noqa: TSL101"
