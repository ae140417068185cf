"""Of an imported file only those statements are executed on which a name depends, which it makes no difference to."""

from __future__ import annotations

from pathlib import Path

import pytest
from reveal import IMPORTS, findings

from tensorlint.flow import project as project_module
from tensorlint.flow.definitions import FileModel, read_file
from tensorlint.flow.toplevel import needed_for, whole_of
from tensorlint.source import Source

GRAD = "torch.ones(3, requires_grad=True)"
LIBRARIES = {
    "assigned": f"value = {GRAD}\n",
    "computed of another": f"base = {GRAD}\nother = torch.zeros(3)\nvalue = base * 2\n",
    "filled later": f"value = []\nunrelated = 1\nvalue.append({GRAD})\n",
    "filled under a key": f"value = {{}}\nvalue['a'] = {GRAD}\nvalue = value['a']\n",
    "filled in a loop": f"value = []\nfor index in range(3):\n    value.append({GRAD} * index)\n",
    "filled by a function": f"value = []\n\ndef put(item):\n    value.append(item)\n\nput({GRAD})\n",
    "filled by another name": f"value = []\nsame = value\nsame.append({GRAD})\n",
    "registered by a decorator": (
        "value = []\n\ndef register(function):\n    value.append(function())\n    return function\n\n"
        f"@register\ndef make():\n    return {GRAD}\n"
    ),
    "a method's setting": (
        "class Registry:\n    def __init__(self):\n        self.kept = None\n\nvalue = Registry()\n"
        f"value.kept = {GRAD}\nvalue = value.kept\n"
    ),
    "a branch": f"import os\nif os.name == 'nt':\n    value = torch.zeros(3)\nelse:\n    value = {GRAD}\n",
    "a try": f"try:\n    import fancy\n    value = fancy.make()\nexcept ImportError:\n    value = {GRAD}\n",
    "a with": f"with torch.no_grad():\n    value = {GRAD} * 2\n",
    "a function that reads a global": (
        "size = 3\n\ndef make():\n    return torch.ones(size).to(which)\n\nwhich = 'cuda'\nvalue = make()\n"
    ),
    "a function that sets a global": (
        f"value = None\n\ndef init():\n    global value\n    value = {GRAD}\n\ninit()\nother = 2\n"
    ),
    "unpacked": f"first, (value, *others) = 1, ({GRAD}, 2)\n",
    "a walrus": f"if (value := {GRAD}) is not None:\n    pass\n",
    "overwritten": f"value = {GRAD}\nvalue = value.detach()\n",
    "deleted and made again": f"value = torch.zeros(3)\ndel value\nvalue = {GRAD}\n",
    "in place": f"value = {GRAD}\nvalue = value + 1\nvalue.detach_()\n",
    "only a script": f"value = torch.zeros(3)\nif __name__ == '__main__':\n    value = {GRAD}\n",
    "a loop's variable": f"for value in [{GRAD}]:\n    pass\n",
    "a name of itself": f"value = {GRAD}\nvalue = [value][0]\n",
}


def model(text: str) -> FileModel:
    source = Source(f"{IMPORTS}\n{text}".encode(), "library.py")
    return read_file("library.py", source.outline(), source.text)


@pytest.mark.parametrize("library", LIBRARIES.values(), ids=LIBRARIES.keys())
@pytest.mark.parametrize(
    "use", ["from library import value\nnp.asarray(value)", "import library\nnp.asarray(library.value)"]
)
def test_it_makes_no_difference_what_else_is_executed(
    library: str, use: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "library.py").write_text(f"{IMPORTS}\n{library}")
    text = f"\n{use}\n"
    some = findings(text, path=tmp_path / "app.py")
    monkeypatch.setattr(project_module, "needed_for", lambda file, name: whole_of(file))
    assert some == findings(text, path=tmp_path / "app.py")


def needed(text: str, name: str) -> list[str]:
    file = model(text)
    return [file.module.code_for_node(statement).strip().splitlines()[0] for statement in needed_for(file, name)]


def test_what_has_nothing_to_do_with_the_name_is_not_executed() -> None:
    text = "a = 1\nb = a\nc = 2\nlogger = get(b)\nregister(c)\nprint('x')\n"
    assert needed(text, "logger") == ["a = 1", "b = a", "logger = get(b)"]
    assert needed(text, "c") == ["c = 2", "register(c)"]


def test_a_submodule_is_not_looked_for_in_what_its_package_imports_with_a_star(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("from .many import *\n")
    (package / "many.py").write_text(f"{IMPORTS}\nmake = lambda: torch.zeros(3)\nvalue = {GRAD}\n")
    (package / "nets.py").write_text(f"{IMPORTS}\ndef make():\n    return {GRAD}\n")
    found = findings("\nfrom package import nets\nnp.asarray(nets.make())\n", path=tmp_path / "app.py")
    assert [code for code, *_ in found] == ["TSL101"]
