"""The page of settings and the JSON schema: made of the table of keys, up to date, and of one mind with the parser."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import jsonschema
import pytest
from checkout import ROOT
from test_settings import BAD

from tensorlint.configuration import nearest
from tensorlint.linter import check_settings, codes_by_default
from tensorlint.settings import KEYS, Origin, Settings, laid_over, written

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SCHEMA = written.schema()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


@pytest.mark.parametrize("name", ["settings.md", "tensorlint.schema.json"])
def test_files_are_what_the_command_makes(name: str, tmp_path: Path) -> None:
    assert written.main([str(tmp_path)]) == 0
    made = (tmp_path / name).read_text("utf-8")
    assert (ROOT / "docs" / name).read_text("utf-8") == made, "stale: run `python -m tensorlint.settings.written`"


def test_every_key_has_its_section_and_its_example_is_right(tmp_path: Path) -> None:
    page = written.page()
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == list(KEYS)
    examples = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    for name, text in zip(KEYS, examples, strict=True):
        (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
        settings = nearest(tmp_path / "a.py")
        check_settings(settings)
        assert [each.key for each in settings.given] == [name]
        assert settings != Settings()
        VALIDATOR.validate(tomllib.loads(text)["tool"]["tensorlint"])


@pytest.mark.parametrize("name", [name for name, key in KEYS.items() if key.default is not None])
def test_what_is_called_the_default_is_what_holds(name: str) -> None:
    said = laid_over(Settings(), {name: KEYS[name].default}, Origin("x", ""))
    defaults = codes_by_default()
    shows = [key.show for key in KEYS.values() if key.show is not None]
    assert [show(said, defaults) for show in shows] == [show(Settings(), defaults) for show in shows]


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert set(SCHEMA["properties"]) == set(KEYS)
    for about in SCHEMA["properties"].values():
        assert about["description"]
        assert "](" not in about["description"], "editors show plain text"


@pytest.mark.parametrize(("line", "complaint"), BAD)
def test_the_schema_and_the_parser_are_of_one_mind(line: str, complaint: str) -> None:
    """But for what a schema cannot tell: which rules there are, what a pattern can match, what fits together."""
    if "TOML" in complaint:
        return
    said = (" takes ", "unknown key '", " has no names", " neither text", " names no folder")
    told = "tsl101" in line or ("retruns" not in line and any(words in complaint for words in said))
    assert VALIDATOR.is_valid(tomllib.loads(line)) is not told


class TestListing:
    def test_it_can_be_read_again(self, tmp_path: Path) -> None:
        table = {name: key.example for name, key in KEYS.items()}
        settings = laid_over(Settings(), table, Origin("pyproject.toml", str(tmp_path)))
        text = "\n".join(written.listing(settings, codes_by_default()))
        again = laid_over(Settings(), tomllib.loads(text), Origin("again", str(tmp_path)))
        defaults = codes_by_default()
        assert [key.show(again, defaults) for key in KEYS.values() if key.show] == [
            key.show(settings, defaults) for key in KEYS.values() if key.show
        ]

    def test_it_says_what_set_a_key(self) -> None:
        settings = laid_over(Settings(), {"confidence": "certain", "ignore": ["TSL1"]}, Origin("a.toml", "/"))
        settings = laid_over(settings, {"select": ["TSL2"]}, Origin("command line", "/"))
        lines = dict(line.split(" = ", 1) for line in written.listing(settings, codes_by_default()) if " = " in line)
        assert lines["confidence"] == '"certain"  # a.toml'
        assert lines["select"].endswith("]  # a.toml (ignore), command line")
        assert lines["conversion-style"] == '"full"  # default'


@pytest.mark.parametrize("value", ["a", 'q"\\', "\x7f\x01\n\t", "é𝔘", True, ["a", "b"], {"a b": ["c"], "d": []}, {}])
def test_toml(value: object) -> None:
    assert tomllib.loads(f"x = {written.toml(value)}") == {"x": value}
