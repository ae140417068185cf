"""Settings in writing: TOML, the page of all keys, and the JSON schema that editors complete and check keys by.

    python -m tensorlint.settings.written [FOLDER]

writes ``settings.md`` and ``tensorlint.schema.json`` into FOLDER (``docs`` of the working folder). A test fails when
they are stale.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tensorlint.settings.keys import KEYS, Defaults, Key
from tensorlint.settings.model import Settings

__all__ = ["listing", "main", "page", "schema", "toml"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")

_PREFACE = """\
<!-- Made by `python -m tensorlint.settings.written` of the table of keys. -->

# Settings

Settings stand in the `[tool.tensorlint]` table of a `pyproject.toml`, or at the top of a `tensorlint.toml` (or
`.tensorlint.toml`). For each linted file the nearest of them counts, from the file's folder upwards; in one folder
`.tensorlint.toml` counts before `tensorlint.toml`, and that before `pyproject.toml`. Files are not mixed. Paths and
patterns are relative to the folder of the file that they stand in, and on the command line to the working folder.

The command line lies over the file: first each `--config 'KEY = VALUE'` (as in TOML), then the options that have a
key's name. `--config FILE` takes another file instead of the nearest one, and `--isolated` none.
`--show-settings` prints what holds for the paths that are given, and where each key was set; `--show-files` prints what
would be linted. What is wrong in a settings file is an error that names the file and the key, and the exit code is 2.

Below a folder every `*.py` file is linted that neither a `.gitignore` nor `exclude` leaves out; links to folders are
not followed. A file that is named is linted whatever it is called and whatever leaves it out; with `--force-exclude`,
which is for hooks and editors, what is left out stays out. Stubs (`.pyi`) are never linted, as nothing in them runs.

The flake8 plugin reads the same files. Which files it is given, and `noqa`, are flake8's business.

For completion in an editor, name the [JSON schema](tensorlint.schema.json) at the top of a `tensorlint.toml`:
`#:schema PATH/OR/URL/OF/tensorlint.schema.json`.
"""


def toml(value: object) -> str:
    """A value as TOML writes it on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(toml, value))}]"
    assert isinstance(value, dict)
    pairs = ", ".join(f"{name if _BARE.fullmatch(name) else toml(name)} = {toml(item)}" for name, item in value.items())
    return f"{{ {pairs} }}" if pairs else "{}"


def listing(settings: Settings, defaults: Defaults) -> Iterator[str]:
    """Every key with what it comes to, as lines of TOML, and in a comment what set it."""
    for name, key in KEYS.items():
        if key.show is None:
            continue
        names = (name, *key.shows)
        origins = dict.fromkeys(
            each.origin if each.key == name else f"{each.origin} ({each.key})"
            for each in settings.given
            if each.key in names
        )
        value = key.show(settings, defaults)
        said = f"{name} = {toml(value)}" if value is not None else f"# {name}"
        yield f"{said}  # {_one_line(', '.join(origins)) or 'default'}"


def _one_line(text: str) -> str:
    """A comment: what TOML does not allow there, as a path may hold it, is escaped."""
    return toml(text)[1:-1] if not text.isprintable() else text


def page() -> str:
    """The page of all keys, in Markdown."""
    rows = "\n".join(f"| [`{name}`](#{name}) | {_first_sentence(key)} |" for name, key in KEYS.items())
    sections = "\n".join(_section(name, key) for name, key in KEYS.items())
    return f"{_PREFACE}\n| key | |\n| --- | --- |\n{rows}\n\n{sections}"


def _section(name: str, key: Key) -> str:
    default = "" if key.default is None else f" The default is `{toml(key.default)}`."
    return f"## {name}\n\n{key.text}\n\nIt takes {key.kind.takes}.{default}\n\n```toml\n{_example(name, key)}\n```\n"


def _example(name: str, key: Key) -> str:
    if isinstance(key.example, list) and isinstance(key.example[0], dict):
        tables = ("\n".join(f"{item} = {toml(value)}" for item, value in each.items()) for each in key.example)
        return "\n\n".join(f"[[tool.tensorlint.{name}]]\n{text}" for text in tables)
    if not isinstance(key.example, dict):
        return f"[tool.tensorlint]\n{name} = {toml(key.example)}"
    lines = (f"{toml(item)} = {toml(value)}" for item, value in key.example.items())
    return "\n".join((f"[tool.tensorlint.{name}]", *lines))


def _first_sentence(key: Key) -> str:
    return re.split(r"(?<=\.) (?=[A-Z])", key.text, maxsplit=1)[0]


def schema() -> dict[str, Any]:
    """The JSON schema of a ``tensorlint.toml``, and of ``[tool.tensorlint]``."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "tensorlint",
        "description": "Settings of tensorlint, a linter for code between PyTorch and NumPy.",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _property(key) for name, key in KEYS.items()},
    }


def _property(key: Key) -> dict[str, Any]:
    default = {} if key.default is None else {"default": key.default}
    return {"description": _LINK.sub(r"\1", key.text), **default, "examples": [key.example], **key.kind.schema}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page and the schema."""
    given = sys.argv[1:] if arguments is None else arguments
    folder = Path(given[0] if given else "docs")
    (folder / "settings.md").write_text(page(), encoding="utf-8")
    (folder / "tensorlint.schema.json").write_text(json.dumps(schema(), indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
