"""The language server, as a real client sees it: in a process of its own, over standard input and output."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import ROOT
from editor import ABLE, PATIENCE, editor
from lsprotocol import types
from plugin_packages import RULE, Packages

from tensorlint import check_source, fix_source

HEAD = "import torch\n\n\n"
BAD = HEAD + "def scores(x: torch.Tensor):\n    return torch.relu(x.requires_grad_()).numpy()\n"
FIXED = BAD.replace(".numpy()", ".detach().cpu().numpy()")
UNSAFE = """\
import torch

model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters())
for _ in range(3):
    kept = model.state_dict()
    model(torch.ones(4)).sum().backward()
    optimizer.step()
model.load_state_dict(kept)
"""
OTHER = HEAD + "def made():\n    return torch.ones(2, requires_grad=True)\n"
USES = HEAD + "from other import made\n\nmade().numpy()\n"


def codes(found: list[types.Diagnostic]) -> list[str]:
    return [str(each.code) for each in found]


def everywhere() -> types.Range:
    return types.Range(types.Position(0, 0), types.Position(1000, 0))


def test_what_is_found_is_shown_with_its_evidence(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text("# \U0001f525\n" + OTHER.replace("return", "return '\U0001f525' and"))
    (tmp_path / "pyproject.toml").write_text('[tool.tensorlint]\nconfidence = "possible"\n')

    async def look() -> None:
        async with editor(tmp_path) as here:
            uri = here.open(tmp_path / "new.py", BAD)
            shown, findings = await here.shown(uri), check_source(BAD, path=tmp_path / "new.py")
            assert [(each.code, each.message) for each in shown] == [(each.code, each.message) for each in findings]
            severities = {each.code: each.severity for each in shown}
            assert severities["TSL101"] == types.DiagnosticSeverity.Error
            assert severities["TSL102"] == types.DiagnosticSeverity.Information
            found, finding = shown[0], findings[0]
            assert (found.code, found.source) == ("TSL101", "tensorlint")
            assert here.marked(uri, found.range) == "torch.relu(x.requires_grad_()).numpy()"
            (step,) = found.related_information or []
            assert (step.location.uri, step.message) == (uri, finding.evidence[0].message)
            assert here.marked(uri, step.location.range) == "x.requires_grad_()"

            uses = here.open(tmp_path / "uses.py", USES)
            found = (await here.shown(uses))[0]
            other = (tmp_path / "other.py").as_uri()
            here.texts[other] = (tmp_path / "other.py").read_text()
            marked = [
                here.marked(other, x.location.range) for x in found.related_information or [] if x.location.uri == other
            ]
            assert "torch.ones(2, requires_grad=True)" in marked

            here.close(uri)
            here.versions[uri] = -1
            assert await here.shown(uri) == []

    asyncio.run(look())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_columns_are_counted_as_the_editor_does(tmp_path: Path, encoding: str) -> None:
    text = BAD.replace("    return ", "    return '\U0001f525\U0001f525é' and ").replace("\n", "\r\n")
    text = text.replace("import torch", "import torch  # \f \u2028 \x1c", 1)  # no ends of lines, here

    async def look() -> None:
        general = types.GeneralClientCapabilities(position_encodings=[types.PositionEncodingKind(encoding)])
        able = types.ClientCapabilities(ABLE.workspace, ABLE.text_document, general=general)
        async with editor(tmp_path, capabilities=able, encoding=encoding) as here:
            uri = here.open(tmp_path / "new.py", text)
            (found,) = await here.shown(uri)
            assert here.marked(uri, found.range) == "torch.relu(x.requires_grad_()).numpy()"
            column = len("    return '\U0001f525\U0001f525é' and ") + (2 if encoding == "utf-16" else 0)
            assert found.range.start == types.Position(4, column)
            actions = await here.actions(uri, found.range)
            (fix,) = (each for title, each in actions.items() if title.startswith("safe fix"))
            assert await here.chosen(uri, fix) == fix_source(text).text

    asyncio.run(look())


def test_fixes_are_offered_where_they_are_and_marked(tmp_path: Path) -> None:
    async def look() -> None:
        async with editor(tmp_path) as here:
            bad = here.open(tmp_path / "bad.py", BAD + "\n\nx = 1\n")
            (found,) = await here.shown(bad)
            assert await here.actions(bad, types.Range(types.Position(7, 0), types.Position(7, 5)), ["quickfix"]) == {}
            actions = await here.actions(bad, found.range)
            assert list(actions) == [
                "safe fix: Convert with `.detach().cpu().numpy()`",
                "Suppress TSL101 on this line (noqa)",
                "Make all safe fixes (tensorlint)",
            ]
            fix, noqa, _ = actions.values()
            assert (fix.kind, fix.is_preferred, list(fix.diagnostics or [])) == ("quickfix", True, [found])
            assert await here.chosen(bad, fix) == FIXED + "\n\nx = 1\n"
            silenced = await here.chosen(bad, noqa)
            assert silenced == BAD.replace(".numpy()", ".numpy()  # noqa: TSL101") + "\n\nx = 1\n"
            here.type(bad, silenced)
            assert await here.shown(bad) == []

            unsafe = here.open(tmp_path / "unsafe.py", UNSAFE)
            (found,) = await here.shown(unsafe)
            fix, noqa = (await here.actions(unsafe, found.range)).values()
            assert fix.title.startswith("unsafe fix: ")
            assert fix.is_preferred is None
            assert await here.chosen(unsafe, fix) == fix_source(UNSAFE, unsafe=True).text

    asyncio.run(look())


def test_all_safe_fixes_are_made_at_once_and_no_other(tmp_path: Path) -> None:
    text = BAD + UNSAFE + BAD.replace("scores", "more")
    once = types.ClientCapabilities()

    async def look() -> None:
        for able in (ABLE, once):
            async with editor(tmp_path, capabilities=able) as here:
                uri = here.open(tmp_path / "both.py", text)
                # before the server has told of anything, as an editor does that fixes what it saves
                actions = await here.actions(uri, everywhere(), ["source.fixAll"])
                (fix,) = actions.values()
                assert (fix.kind, fix.edit is None) == ("source.fixAll.tensorlint", able is ABLE)
                fixed = await here.chosen(uri, fix)
                assert fixed == fix_source(text).text != text
                assert "deepcopy" not in fixed
                assert await here.actions(uri, everywhere(), ["refactor"]) == {}
                assert set(await here.actions(uri, everywhere(), ["quickfix"])).isdisjoint(actions)
                here.type(uri, fixed)
                assert await here.actions(uri, everywhere(), ["source.fixAll.tensorlint"]) == {}

    asyncio.run(look())


def test_an_editor_that_shows_no_related_information_gets_the_evidence_in_the_message(tmp_path: Path) -> None:
    async def look() -> None:
        async with editor(tmp_path, capabilities=types.ClientCapabilities()) as here:
            (found,) = await here.shown(here.open(tmp_path / "bad.py", BAD))
            assert found.related_information is None
            assert found.message.endswith("\nline 5: `x.requires_grad_()` makes it require grad")

    asyncio.run(look())


def test_hovering_shows_the_page_of_the_rule(tmp_path: Path) -> None:
    async def look() -> None:
        async with editor(tmp_path) as here:
            uri = here.open(tmp_path / "bad.py", BAD)
            page = await here.hover(uri, types.Position(4, 20))
            assert page is not None
            assert page.startswith("# TSL101 grad-to-numpy\n")
            assert "Why is this bad?" in page
            assert "```python\n" in page
            assert await here.hover(uri, types.Position(0, 3)) is None
            here.type(uri, "def f(:\n")
            page = await here.hover(uri, (await here.shown(uri))[0].range.start)
            assert page is not None
            assert page.startswith("# TSL900 not-linted\n")

    asyncio.run(look())


def test_the_buffer_counts_not_the_disk_but_for_what_it_imports(tmp_path: Path) -> None:
    file, other = tmp_path / "uses.py", tmp_path / "other.py"
    file.write_text("x = 1\n")
    other.write_text(OTHER)

    async def look() -> None:
        async with editor(tmp_path) as here:
            uri = here.open(file, USES)
            assert codes(await here.shown(uri)) == ["TSL101"]
            imported = here.open(other)
            await here.shown(imported)
            here.type(imported, OTHER.replace(", requires_grad=True", ""))
            await here.shown(imported)
            here.type(uri, USES + "\n")
            assert codes(await here.shown(uri)) == ["TSL101"]
            here.save(imported, other)
            assert await here.shown(uri) == []
            untitled = here.open(file, BAD, uri="untitled:Untitled-1")
            assert codes(await here.shown(untitled)) == ["TSL101"]

    asyncio.run(look())


def test_settings_are_the_nearest_in_each_folder_and_read_again(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
        (folder / "pyproject.toml").write_text('[tool.tensorlint]\nexclude = ["left_out.py"]\n')

    async def look() -> None:
        async with editor(tmp_path, one, two) as here:
            first, second = here.open(one / "a.py", BAD), here.open(two / "a.py", BAD)
            assert codes(await here.shown(first)) == codes(await here.shown(second)) == ["TSL101"]
            assert await here.shown(here.open(one / "left_out.py", BAD)) == []
            assert "**/pyproject.toml" in here.watched
            for text, expected in (('ignore = ["TSL1"]', []), ("colour = 1", ["TSL900"]), ("", ["TSL101"])):
                (one / "tensorlint.toml").write_text(text)
                here.told.clear()
                here.changed_on_disk(one / "tensorlint.toml")
                found = await here.shown(first)
                assert codes(found) == expected
                if expected == ["TSL900"]:
                    assert f"{one / 'tensorlint.toml'}: unknown key 'colour'" in found[0].message
                assert codes(await here.shown(second)) == ["TSL101"]

    asyncio.run(look())


def test_only_what_was_typed_last_is_linted(tmp_path: Path) -> None:
    async def look() -> None:
        async with editor(tmp_path) as here:
            uri = here.open(tmp_path / "a.py", "x = 1\n")
            assert await here.shown(uri) == []
            for number in range(20):
                here.type(uri, BAD + f"# {number}\n")
            assert codes(await here.shown(uri)) == ["TSL101"]
            await here.hover(uri, types.Position(0, 0))
            here.type(uri, BAD)
            while not here.told:
                await asyncio.sleep(0.05)
            assert {told.version for told in here.told} == {22}

    asyncio.run(look())


def test_a_bad_file_harms_no_other_and_what_is_no_python_is_left_alone(tmp_path: Path) -> None:
    async def look() -> None:
        async with editor(tmp_path) as here:
            for language, name in (("markdown", "a.md"), ("json", "a.ipynb")):
                here.open(tmp_path / name, BAD, language)
            here.open(tmp_path / "a.py", BAD, uri="vscode-notebook-cell:/a.ipynb#1")
            deep = HEAD + "x = " + "+".join(["torch.ones(1)"] * 20_000) + "\n"
            bad = [here.open(tmp_path / f"bad{n}.py", text) for n, text in enumerate(["def f(:\n", "x = '\0'\n", deep])]
            good = here.open(tmp_path / "good.py", BAD)
            for uri in bad:
                assert codes(await here.shown(uri)) == ["TSL900"]
            assert codes(await here.shown(good)) == ["TSL101"]
            assert {Path(each.uri).suffix for each in here.told} <= {".py"}

    asyncio.run(look())


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_a_killed_worker_is_replaced_and_a_killed_server_leaves_none(tmp_path: Path) -> None:
    def workers(server: int) -> list[int]:
        found = []
        for children in Path(f"/proc/{server}/task").glob("*/children"):
            for child in map(int, children.read_text().split()):
                if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                    found.append(child)
        return found

    async def look() -> None:
        async with editor(tmp_path) as here:
            server = here.client._server
            assert server is not None
            uri = here.open(tmp_path / "a.py", BAD)
            assert codes(await here.shown(uri)) == ["TSL101"]
            (worker,) = workers(server.pid)
            os.kill(worker, signal.SIGKILL)
            here.type(uri, BAD + "\n")
            assert codes(await here.shown(uri)) == ["TSL101"]
            (other,) = workers(server.pid)
            server.kill()
            await server.wait()
            for _ in range(int(PATIENCE * 10)):
                if not Path(f"/proc/{other}").exists() or ") Z" in Path(f"/proc/{other}/stat").read_text():
                    break
                await asyncio.sleep(0.1)
            else:
                pytest.fail("the worker outlives the server")

    asyncio.run(look())


def test_a_text_that_ends_the_process_is_told(tmp_path: Path) -> None:
    """No text is known that does: the function that is called here does it."""
    from tensorlint.plugins.server.worker import BrokenProcessPool, Worker

    async def look() -> None:
        worker = Worker()
        try:
            with pytest.raises(BrokenProcessPool):
                await worker.do(os._exit, 3)
            assert await worker.do(abs, -1) == 1
        finally:
            worker.close()

    asyncio.run(look())


def test_nothing_of_the_workspace_is_run(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    for name in ("multiprocessing", "pygls", "click", "libcst", "asyncio", "types", "other"):
        (tmp_path / f"{name}.py").write_text(f"open({str(trap)!r}, 'w')\n")

    async def look() -> None:
        async with editor(tmp_path) as here:
            assert codes(await here.shown(here.open(tmp_path / "a.py", BAD + "import other\n"))) == ["TSL101"]

    asyncio.run(look())
    assert not trap.exists()


def test_it_is_said_once_which_rules_of_other_packages_are_not_used(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    packages = Packages(tmp_path / "site", tmp_path / "work")
    packages.add_rule("raise SystemExit(3)\n")
    packages.add("good-rules", "[tensorlint.rules]\nXYZ = xyz_rules\n", {"xyz_rules.py": RULE.replace("ABC", "XYZ")})

    async def look() -> None:
        async with editor(packages.folder, packages=[packages.site]) as here:
            for number in range(2):
                uri = here.open(packages.folder / f"{number}.py", BAD)
                assert codes(await here.shown(uri)) == ["TSL101", "XYZ101"]
            (said,) = here.messages
            assert said.type == types.MessageType.Warning
            assert said.message == "tensorlint: the rules in abc_rules of abc-rules 1.0 are not used: SystemExit: 3"

    asyncio.run(look())


def test_without_pygls_there_is_one_clear_line() -> None:
    code = "import sys; sys.modules['pygls'] = None; from tensorlint.cli import main; main(['server'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "Error: the language server needs pygls: pip install 'tensorlint[server]'"
    assert "Traceback" not in done.stderr


def test_the_page_names_what_the_server_knows() -> None:
    from tensorlint.plugins.server.actions import FIX_ALL, FIX_NOTEBOOK

    page = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")
    (settings,) = re.findall(r"<!-- settings.json -->\n```json\n(.*?)```", page, re.DOTALL)
    assert list(json.loads(settings)["[python]"]["editor.codeActionsOnSave"]) == [FIX_ALL]
    assert list(json.loads(settings)["notebook.codeActionsOnSave"]) == [FIX_NOTEBOOK]
    assert set(re.findall(r"[.\w]*source\.fixAll[.\w]*", page)) == {FIX_ALL, FIX_NOTEBOOK}
