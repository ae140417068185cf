"""Notebooks in the language server, as a real client sends them: cells are texts of their own and one program."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest
from editor import ABLE, editor
from lsprotocol import types
from notebooks import cells_of, notebook

from tensorlint import check_source, fix_source

IMPORTS = "import torch\nfrom torch import nn"
MODEL = "net = nn.Linear(3, 1)\nx = torch.ones(3)"
BAD = "'\U0001f525'; y = net(x).numpy()"
FIXED = BAD.replace(".numpy()", ".detach().cpu().numpy()")
TIMED, TIMED_FIXED = f"%cd ..\n{BAD}", f"%cd ..\n{FIXED}"
CELLS = ("#md # A notebook", IMPORTS, MODEL, TIMED)
START = BAD.index("net") + 1
"""Where it is to an editor, for which the character before it is two units long."""
EVERYWHERE = types.Range(types.Position(0, 0), types.Position(1000, 0))
LESS_ABLE = types.ClientCapabilities(notebook_document=ABLE.notebook_document)


def codes(found: list[types.Diagnostic]) -> list[str]:
    return [str(each.code) for each in found]


def at(line: int, start: int, end: int) -> types.Range:
    return types.Range(types.Position(line, start), types.Position(line, end))


@pytest.mark.parametrize("able", [ABLE, LESS_ABLE], ids=["able", "less able"])
def test_findings_are_shown_in_their_cells_with_evidence_in_others(
    tmp_path: Path, able: types.ClientCapabilities
) -> None:
    (finding,) = check_source(notebook(*CELLS), path=tmp_path / "a.ipynb")

    async def look() -> None:
        async with editor(tmp_path, capabilities=able) as here:
            cells = here.open_notebook(tmp_path / "a.ipynb", *CELLS)
            shown = [await here.shown(uri) for uri in cells]
            assert list(map(codes, shown)) == [[], [], [], ["TSL101"]]
            found = shown[3][0]
            assert here.marked(cells[3], found.range) == "net(x).numpy()"
            if able is LESS_ABLE:
                assert found.message.startswith(finding.message)
                assert "\ncell 3, line 1: `nn.Linear(3, 1)` has parameters" in found.message
                assert "\nline 2: output of `net`" in found.message
                return
            assert found.message == finding.message
            assert [
                (each.location.uri, here.marked(each.location.uri, each.location.range), each.message)
                for each in found.related_information or []
            ] == [
                (cells[2], "nn.Linear(3, 1)", finding.evidence[0].message),
                (cells[3], "net(x)", finding.evidence[1].message),
            ]

    asyncio.run(look())


def test_what_is_typed_in_a_cell_counts(tmp_path: Path) -> None:
    file = tmp_path / "a.ipynb"
    file.write_text(notebook("x = 1"))

    async def look() -> None:
        async with editor(tmp_path) as here:
            cells, uri = here.open_notebook(file, *CELLS), file.as_uri()
            bad = cells[3]
            assert codes(await here.shown(bad)) == ["TSL101"]
            here.type_in_cell(uri, bad, at(1, START, START + len("net(x)")), "net(x).detach()")
            assert [await here.shown(each) for each in cells] == [[], [], [], []]
            # a form feed ends no line, as pygls believes
            here.type_in_cell(uri, bad, at(0, 0, 0), "# \f\r\n# \n")
            assert await here.shown(bad) == []
            here.type_in_cell(uri, bad, at(3, START + len("net(x)"), START + len("net(x).detach()")), "")
            (found,) = await here.shown(bad)
            assert here.marked(bad, found.range) == "net(x).numpy()"

    asyncio.run(look())


def test_the_order_of_the_cells_is_that_of_the_editor(tmp_path: Path) -> None:
    async def look() -> None:
        async with editor(tmp_path) as here:
            uri = (tmp_path / "a.ipynb").as_uri()
            markdown, imports, model, bad = here.open_notebook(tmp_path / "a.ipynb", *CELLS)
            assert codes(await here.shown(bad)) == ["TSL101"]
            here.restructure(uri, 2, 2, keep=[bad, model])  # used before it is made
            assert await here.shown(bad) == []
            here.restructure(uri, 2, 2, "z = 1", keep=[model, bad])
            assert codes(await here.shown(bad)) == ["TSL101"]
            *_, new = here.cells[uri]
            here.versions[bad] = -1  # open no more
            here.restructure(uri, 3, 1)
            assert await here.shown(bad) == []
            here.type_in_cell(uri, new, at(0, 0, 5), BAD)
            assert codes(await here.shown(new)) == ["TSL101"]
            here.told.clear()
            here.versions |= dict.fromkeys(here.cells[uri], -1)
            here.close_notebook(uri)
            assert [await here.shown(each) for each in (markdown, imports, model, new)] == [[], [], [], []]

    asyncio.run(look())


@pytest.mark.parametrize("able", [ABLE, LESS_ABLE], ids=["able", "less able"])
def test_fixes_are_made_in_their_cells(tmp_path: Path, able: types.ClientCapabilities) -> None:
    cells = [*CELLS, BAD]
    fixed = cells_of(fix_source(notebook(*cells), path=tmp_path / "a.ipynb").text)
    assert fixed[3:] == [TIMED_FIXED, FIXED]

    async def look() -> None:
        async with editor(tmp_path, capabilities=able) as here:
            uris = here.open_notebook(tmp_path / "a.ipynb", *cells)
            (found,) = await here.shown(uris[3])
            assert await here.actions(uris[2], EVERYWHERE, ["quickfix"]) == {}
            actions = await here.actions(uris[3], found.range)
            assert list(actions) == [
                "safe fix: Convert with `.detach().cpu().numpy()`",
                "Suppress TSL101 on this line (noqa)",
                "Make all safe fixes in this cell (tensorlint)",
                "Make all safe fixes in this notebook (tensorlint)",
            ]
            fix, noqa, cell, whole = actions.values()
            assert [cell.kind, whole.kind] == ["source.fixAll.tensorlint", "notebook.source.fixAll.tensorlint"]
            assert await here.chosen(uris[3], fix) == TIMED_FIXED
            assert await here.chosen(uris[3], noqa) == f"{TIMED}  # noqa: TSL101"
            assert await here.chosen(uris[3], cell) == TIMED_FIXED
            assert await here.all_chosen(whole) == {uris[3]: TIMED_FIXED, uris[4]: FIXED}
            # what editors ask for when a notebook is saved, of each cell and of the notebook
            assert list(await here.actions(uris[3], EVERYWHERE, ["source.fixAll"])) == [cell.title]
            assert list(await here.actions(uris[0], EVERYWHERE, ["source.fixAll"])) == []
            assert list(await here.actions(uris[0], EVERYWHERE, ["notebook.source"])) == [whole.title]

    asyncio.run(look())


def test_a_fix_that_needs_an_import_changes_two_cells(tmp_path: Path) -> None:
    optimizer = "optimizer = torch.optim.SGD(net.parameters())\n"
    loop = "for _ in range(3):\n    kept = net.state_dict()\n    net(x).sum().backward()\n    optimizer.step()\n"
    cells = [IMPORTS, MODEL, optimizer + loop + "net.load_state_dict(kept)"]
    expected = cells_of(fix_source(notebook(*cells), path=tmp_path / "a.ipynb", unsafe=True).text)
    assert "import copy" in expected[0]

    async def look() -> None:
        async with editor(tmp_path) as here:
            uris = here.open_notebook(tmp_path / "a.ipynb", *cells)
            (found,) = await here.shown(uris[2])
            fix = next(iter((await here.actions(uris[2], found.range, ["quickfix"])).values()))
            assert await here.all_chosen(fix) == {uris[0]: expected[0], uris[2]: expected[2]}

    asyncio.run(look())


def test_hovering_and_what_is_wrong_with_a_cell_or_the_settings(tmp_path: Path) -> None:
    settings = tmp_path / "tensorlint.toml"

    async def look() -> None:
        async with editor(tmp_path) as here:
            uri = (tmp_path / "a.ipynb").as_uri()
            uris = here.open_notebook(tmp_path / "a.ipynb", *CELLS)
            page = await here.hover(uris[3], types.Position(1, START))
            assert page is not None
            assert page.startswith("# TSL101 grad-to-numpy\n")
            assert await here.hover(uris[2], types.Position(1, 4)) is None
            here.type_in_cell(uri, uris[2], at(1, 0, 0), "def f(:\n")
            (found,) = await here.shown(uris[2])
            assert (found.code, found.range.start.line) == ("TSL900", 1)
            assert await here.shown(uris[3]) == []
            here.type_in_cell(uri, uris[2], types.Range(types.Position(1, 0), types.Position(2, 0)), "")
            assert codes(await here.shown(uris[3])) == ["TSL101"]
            for text, first, last in (
                ("colour = 1", ["TSL900"], []),
                ('exclude = ["a.*"]', [], []),
                ("", [], ["TSL101"]),
            ):
                settings.write_text(text)
                here.told.clear()
                here.changed_on_disk(settings)
                assert codes(await here.shown(uris[0])) == first
                assert codes(await here.shown(uris[3])) == last
            here.open_notebook(tmp_path / "empty.ipynb")
            new = here.open_notebook(tmp_path, *CELLS, uri="untitled:Untitled-1.ipynb")
            assert codes(await here.shown(new[3])) == ["TSL101"]

    asyncio.run(look())


def test_fix_source_keeps_to_a_cell() -> None:
    text = notebook(*CELLS, BAD)

    def cells(text: str) -> list[int | None]:
        return [each.cell for each in check_source(text, path="a.ipynb")]

    assert cells(text) == [4, 5]
    for cell, other in itertools.permutations((4, 5)):
        fixed = fix_source(text, path="a.ipynb", cell=cell)
        assert (fixed.fixed, cells(fixed.text)) == (1, [other])
    assert fix_source(text, path="a.ipynb", cell=2).text == text
