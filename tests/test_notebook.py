"""Notebooks: their cells linted as one program, with findings by cell and line."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from notebooks import notebook

from tensorlint.finding import Finding
from tensorlint.linter import lint
from tensorlint.notebook import source_of
from tensorlint.settings import Settings
from tensorlint.source import SourceError

IMPORTS = "import numpy as np\nimport torch\nfrom torch import nn"
NET = "net = nn.Linear(3, 1)\nx = torch.rand(5, 3)"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The notebooks belong to no project."""
    monkeypatch.chdir(tmp_path)


def found_in(text: str | bytes, settings: Settings | None = None) -> list[Finding]:
    data = text if isinstance(text, bytes) else text.encode()
    return lint(source_of(data, "a.ipynb"), settings or Settings())


def places(text: str | bytes) -> list[str]:
    return [f"{each.code} {each.cell}:{each.line}:{each.column}" for each in found_in(text)]


def fault_of(text: str | bytes) -> tuple[str, int | None, int, int]:
    with pytest.raises(SourceError) as caught:
        found_in(text)
    return caught.value.message, caught.value.cell, caught.value.line, caught.value.column


class TestFindings:
    def test_by_cell_and_line_with_evidence_across_cells(self) -> None:
        (finding,) = found_in(notebook("#md a title", IMPORTS, NET, "#md more", "y = 1\nz = net(x).numpy()"))
        assert (finding.cell, finding.line, finding.column, finding.end_line, finding.end_column) == (5, 2, 5, 2, 19)
        assert [(step.cell, step.line, step.column) for step in finding.evidence] == [(3, 1, 7), (5, 2, 5)]
        assert finding.fix is not None
        (edit,) = finding.fix.edits
        assert (edit.cell, edit.line, edit.column, edit.text) == (5, 2, 11, ".detach().cpu()")

    def test_the_order_is_that_of_the_cells(self) -> None:
        bad = "a = net(x).numpy()"
        text = notebook(IMPORTS, NET, f"\n\n\n{bad}", f"{bad}\n{bad}")
        assert places(text) == ["TSL101 3:4:5", "TSL101 4:1:5", "TSL101 4:2:5"]

    def test_columns_behind_magics_and_letters_of_all_kinds(self) -> None:
        text = notebook(
            IMPORTS, NET, "%time y = net(x).numpy()\nz = %time net(x).numpy()\ns = '\N{BRAIN}é', net(x).numpy()"
        )
        assert places(text) == ["TSL101 3:1:11", "TSL101 3:2:11", "TSL101 3:3:11"]

    def test_an_indented_cell(self) -> None:
        assert places(notebook(IMPORTS, NET, "    if x.any():\n        y = net(x).numpy()")) == ["TSL101 3:2:13"]

    def test_a_magic_binds_what_is_not_known(self) -> None:
        assert places(notebook(IMPORTS, NET, "y = net(x)\ny = !ls\ny = y.numpy()")) == []
        assert places(notebook(IMPORTS, NET, "y = net(x)\n!ls\ny = y.numpy()")) == ["TSL101 3:3:5"]

    def test_await_at_the_top_level(self) -> None:
        assert places(notebook(IMPORTS, NET, "await sleep(1)\ny = net(x).numpy()")) == ["TSL101 3:2:5"]

    def test_cells_of_other_languages_and_raw_ones(self) -> None:
        bad = "y = net(x).numpy()"
        made = nbformat.reads(notebook(IMPORTS, NET, bad, f"%%bash\n{bad}", bad), as_version=4)
        made["cells"][2]["metadata"]["vscode"] = {"languageId": "sql"}
        made["cells"].insert(0, nbformat.v4.new_raw_cell(bad))
        made["cells"][0]["id"] = "raw"
        assert places(nbformat.writes(made)) == ["TSL101 6:1:5"]

    @pytest.mark.parametrize("language", ["R", "julia", "scala", "sagemath"])
    def test_other_kernels_are_left_alone(self, language: str) -> None:
        assert places(notebook(IMPORTS, "x <- 3 (", language=language)) == []

    def test_without_a_language_it_is_python(self) -> None:
        text = json.loads(notebook(IMPORTS, NET, "y = net(x).numpy()"))
        text["metadata"] = {}
        assert places(json.dumps(text)) == ["TSL101 3:1:5"]

    def test_imports_of_the_project(self, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").write_text("")
        (tmp_path / "model.py").write_text(
            f"{IMPORTS}\n\n\ndef made():\n    return nn.Linear(3, 1)(torch.rand(5, 3))\n"
        )
        (finding,) = found_in(notebook("import torch\nfrom model import made", "made().numpy()"))
        assert (finding.cell, finding.line) == (2, 1)
        assert (finding.evidence[0].path, finding.evidence[0].cell) == ("model.py", None)

    def test_later_cells_are_seen(self) -> None:
        """What is kept in one cell and read in a later one."""
        loop = "for _ in range(3):\n    net(x).sum().backward()\n    opt.step()\n    best = net.state_dict()"
        opt = "opt = torch.optim.SGD(net.parameters(), lr=0.1)"
        assert places(notebook(IMPORTS, NET, opt, loop, "net.load_state_dict(best)")) == ["TSL203 4:4:12"]
        assert places(notebook(IMPORTS, NET, opt, loop)) == []


class TestShown:
    def test_the_value_of_the_last_expression_is_not_dropped(self) -> None:
        assert places(notebook(IMPORTS, NET, "x.double()")) == []
        assert places(notebook(IMPORTS, NET, "(\n  x.double()\n)  # so", "[y.cpu() for y in [x]]")) == []
        assert places(notebook(IMPORTS, NET, "%%time\nx.double()", "%time x.cpu()")) == []

    @pytest.mark.parametrize(
        "cell", ["x.double();", "(x.double()) ;  # so", "x.double()\ny = 1", "if x.any():\n  x.double()"]
    )
    def test_others_are(self, cell: str) -> None:
        (finding,) = found_in(notebook(IMPORTS, NET, cell, "print(x)"))
        assert (finding.code, finding.cell) == ("TSL506", 3)

    def test_what_is_wrong_with_it_otherwise_is_said(self) -> None:
        assert places(notebook(IMPORTS, NET, "net(x).numpy()")) == ["TSL101 3:1:1"]


class TestNoqa:
    def test_in_a_cell(self) -> None:
        cell = "y = net(x).numpy()  # noqa: TSL101\nz = net(x).numpy()"
        assert places(notebook(IMPORTS, NET, cell)) == ["TSL101 3:2:5"]

    def test_behind_a_magic(self) -> None:
        assert places(notebook(IMPORTS, NET, "%time y = net(x).numpy()  # noqa")) == []

    def test_the_whole_notebook(self) -> None:
        assert places(notebook(IMPORTS, NET, "# flake8: noqa", "y = net(x).numpy()")) == []

    def test_unknown_codes(self) -> None:
        assert places(notebook(IMPORTS, "#md", "x = 1\ny = 2  # noqa: TSL999")) == ["TSL902 3:2:8"]


class TestForms:
    """What nbformat allows, and what writers of notebooks make of it."""

    def written(self, source: object, **more: object) -> str:
        cell = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}
        return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more})

    PROGRAM = f"{IMPORTS}\n{NET}\ny = net(x).numpy()"

    def test_a_string(self) -> None:
        assert places(self.written(self.PROGRAM)) == ["TSL101 1:6:5"]

    def test_a_list_of_strings_that_are_no_lines(self) -> None:
        assert places(self.written([self.PROGRAM[:30], self.PROGRAM[30:80], self.PROGRAM[80:]])) == ["TSL101 1:6:5"]

    def test_line_ends_of_windows_in_and_around(self) -> None:
        text = json.dumps(json.loads(self.written(self.PROGRAM.replace("\n", "\r\n"))), indent=1).replace("\n", "\r\n")
        assert places(text) == ["TSL101 1:6:5"]

    def test_a_byte_order_mark(self) -> None:
        assert places(b"\xef\xbb\xbf" + self.written(self.PROGRAM).encode()) == ["TSL101 1:6:5"]

    def test_of_a_key_that_is_there_twice_the_last_counts(self) -> None:
        text = self.written(self.PROGRAM).replace('"cell_type"', '"source": "y.numpy(", "cell_type"')
        assert json.loads(text)["cells"][0]["source"] == self.PROGRAM
        assert places(text) == ["TSL101 1:6:5"]

    @pytest.mark.parametrize("source", ["", [], ["", ""], "\n", "# nothing", "   "])
    def test_nothing(self, source: object) -> None:
        assert places(self.written(source)) == []

    def test_no_cells(self) -> None:
        assert places('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}') == []

    @pytest.mark.parametrize("joined", [False, True])
    def test_nbformat_3(self, joined: bool) -> None:
        lines = self.PROGRAM.split("\n") if joined else self.PROGRAM.splitlines(keepends=True)
        code = {"cell_type": "code", "input": lines, "language": "python", "outputs": [], "collapsed": False}
        sheet = {"cells": [{"cell_type": "heading", "level": 1, "source": "y.numpy("}, code]}
        text = json.dumps({"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [sheet]})
        assert nbformat.reads(text, as_version=4)["cells"][1]["source"] == self.PROGRAM
        assert places(text) == ["TSL101 2:6:5"]

    def test_large_outputs(self) -> None:
        made = json.loads(notebook(IMPORTS, NET, "y = net(x).numpy()", outputs=True))
        made["cells"][1]["outputs"] = [
            {"output_type": "display_data", "data": {"image/png": "torch" * 2_000_000}, "metadata": {}}
        ]
        assert places(json.dumps(made)) == ["TSL101 3:1:5"]

    def test_escapes(self) -> None:
        text = self.written("\N{BRAIN}").replace('"\\ud83e\\udde0"', json.dumps(self.PROGRAM).replace("x", "\\u0078"))
        assert places(text) == ["TSL101 1:6:5"]


class TestFaults:
    """Each is one fault, with its place: in the cell where it is one of Python, in the JSON where it is one of that."""

    def test_no_json(self) -> None:
        message, *place = fault_of('{\n "cells": [\n  {"a": 1,}\n ]}')
        assert message.startswith("not a notebook: not JSON: ")
        assert place[:2] == [None, 3]

    @pytest.mark.parametrize(
        ("text", "says", "line", "column"),
        [
            ("", "not JSON", 1, 1),
            ("x = 1\n", "not JSON", 1, 1),
            ("[" * 100_000, "nested too deeply", 1, 1),
            ('{"a": ' + "9" * 5000 + "}", "", 1, 1),
            ("[]", "the JSON is no object", 1, 1),
            ("{}", "it has no `nbformat`", 1, 1),
            ('{\n"nbformat": 2}', "nbformat 2 is none of 3, 4", 2, 13),
            ('{"nbformat": true}', "nbformat True is none of 3, 4", 1, 14),
            ('{"nbformat": 4}', "it has no `cells`", 1, 1),
            ('{"nbformat": 3, "cells": []}', "it has no `worksheets`", 1, 1),
            ('{"nbformat": 3, "worksheets": [1]}', "worksheet 1 is no object", 1, 32),
            ('{"nbformat": 4,\n "cells": {}}', "`cells` is no list", 2, 11),
            ('{"nbformat": 4, "cells": [\n[]]}', "cell 1 has no `cell_type`", 2, 1),
            ('{"nbformat": 4, "cells": [{"cell_type": "code"}]}', "cell 1 has no `source`", 1, 27),
            (
                '{"nbformat": 4, "cells": [{"cell_type": "code",\n"source": 5}]}',
                "the text of cell 1 is neither a string nor a list of strings",
                2,
                11,
            ),
            (
                '{"nbformat": 4, "cells": [{"cell_type": "code",\n"source": ["a", null]}]}',
                "the text of cell 1 is a list with something else than strings in it",
                2,
                17,
            ),
        ],
    )  # fmt: skip
    def test_no_notebook(self, text: str, says: str, line: int, column: int) -> None:
        message, *place = fault_of(text)
        assert message.startswith("not a notebook: ")
        assert says in message
        assert place == [None, line, column]

    def test_no_utf_8(self) -> None:
        assert fault_of(notebook("x").encode("utf-16"))[0].startswith("not valid utf-8: byte 0xff")
        message, cell, line, column = fault_of(b'{\n"\xff"}')
        assert message.endswith("save the notebook as UTF-8")
        assert (cell, line, column) == (None, 2, 2)

    def test_bad_syntax(self) -> None:
        assert fault_of(notebook(IMPORTS, "#md", "y = 1\nx = = 2"))[1:] == (3, 2, 5)
        assert fault_of(notebook("x = 1", "%time x\nx = = 2"))[1:] == (2, 2, 5)

    @pytest.mark.parametrize(
        "cells",
        [("x = (1,", "2)"), ("if x:", "    y = 1"), ("x = 1 + \\", "2"), ("s = '''", "'''"), ("@f", "def g(): pass")],
    )
    def test_each_cell_is_a_program(self, cells: tuple[str, str]) -> None:
        message, cell, *_ = fault_of(notebook(IMPORTS, *cells))
        assert message.startswith("syntax error")
        assert cell == 2

    def test_what_no_text_holds(self) -> None:
        assert fault_of(notebook("x = 1", "y = 2\nz = '\0'")) == ("contains a NUL byte", 2, 2, 6)
        text = notebook("x = 1", "y = 2\nz = 'QQ'").replace("QQ", "\\ud800")
        assert fault_of(text) == ("contains a lone surrogate", 2, 2, 6)

    def test_nested_too_deeply(self) -> None:
        message, cell, *_ = fault_of(notebook(IMPORTS, "x = " + "(" * 500 + ")" * 500))
        assert (message, cell) == ("syntax error: too many nested parentheses", 2)


def test_named_as_a_notebook_whatever_the_case(tmp_path: Path) -> None:
    assert source_of(notebook("x = 1").encode(), "A.IPYNB").text == "x = 1\n"
    assert source_of(b"x = 1", "ipynb.py").text == "x = 1"
