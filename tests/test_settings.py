"""Settings: what is read from where, what is refused, and which rules are on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tensorlint.configuration import Configuration, Overrides, nearest, read
from tensorlint.finding import Confidence
from tensorlint.settings import KEYS, Selection, Settings, SettingsError, check_codes


def write(folder: Path, text: str, name: str = "pyproject.toml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_every_key_is_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        [tool.tensorlint]
        select = ["TSL1"]
        extend-select = ["TSL305"]
        ignore = ["TSL102"]
        exclude = ["generated"]
        extend-exclude = ["*_pb2.py"]
        confidence = "possible"
        conversion-style = "minimal"
        """,
    )
    settings = nearest(tmp_path / "src" / "train.py")
    assert settings.selections[0] == Selection(("TSL1",), ("TSL305",), ("TSL102",))
    assert [(each.base, each.patterns) for each in settings.exclude] == [
        (str(tmp_path), ("generated",)),
        (str(tmp_path), ("*_pb2.py",)),
    ]
    assert settings.confidence is Confidence.POSSIBLE
    assert settings.conversion_style == "minimal"
    assert settings.file == str(tmp_path / "pyproject.toml")


def test_the_nearest_file_that_has_a_table_counts(tmp_path: Path) -> None:
    write(tmp_path, '[tool.tensorlint]\nconfidence = "certain"\n')
    write(tmp_path / "inner", '[tool.ruff]\nselect = ["E"]  # not tensorlint\n')
    write(tmp_path / "inner" / "innermost", '[tool.tensorlint]\nconfidence = "possible"\n')
    configuration = Configuration()
    assert configuration.settings(tmp_path / "inner").confidence is Confidence.CERTAIN
    assert configuration.settings(tmp_path / "inner" / "innermost" / "src").confidence is Confidence.POSSIBLE


def test_a_template_that_is_no_toml_harms_nobody(tmp_path: Path) -> None:
    write(tmp_path, "[project]\nname = {{ cookiecutter.name }}\n")
    assert nearest(tmp_path / "a.py").confidence is Confidence.LIKELY


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("selct = []", "unknown key 'selct'"),
        ('select = "TSL101"', "'select' in [tool.tensorlint] takes a list of strings, not 'TSL101'"),
        ("ignore = [101]", "'ignore' in [tool.tensorlint] takes a list of strings, not [101]"),
        ("exclude = {}", "'exclude' in [tool.tensorlint] takes a list of strings, not {}"),
        ('confidence = "sure"', '\'confidence\' in [tool.tensorlint] takes one of "possible", "likely", "certain"'),
        ("confidence = 3", "'confidence' in [tool.tensorlint] takes one of"),
        ('confidence = ["likely"]', "'confidence' in [tool.tensorlint] takes one of"),
        ('conversion-style = "short"', "'conversion-style' in [tool.tensorlint] takes one of \"full\""),
    ],
)
def test_what_is_wrong_is_named_with_the_file_and_the_known_keys(line: str, complaint: str, tmp_path: Path) -> None:
    file = write(tmp_path, f"[tool.tensorlint]\n{line}\n")
    with pytest.raises(SettingsError) as error:
        read(str(file))
    assert str(error.value).startswith(f"{file}: ")
    assert complaint in str(error.value)
    assert f"(known keys: {', '.join(KEYS)})" in str(error.value)


@pytest.mark.parametrize("text", ["[tool.tensorlint\n", "tool.tensorlint = 1\n", '[tool]\ntensorlint = "x"\n'])
def test_a_file_that_means_tensorlint_must_be_usable(text: str, tmp_path: Path) -> None:
    file = write(tmp_path, text)
    with pytest.raises(SettingsError, match=r"pyproject\.toml: "):
        read(str(file))


def test_a_file_that_is_named_must_be_there_and_be_toml(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"missing\.toml: cannot be read: No such file"):
        Configuration(file=str(tmp_path / "missing.toml")).settings(tmp_path)
    other = write(tmp_path, "= nothing", "other.toml")
    with pytest.raises(SettingsError, match=r"other\.toml: not valid TOML"):
        Configuration(file=str(other)).settings(tmp_path)


def test_a_named_file_and_isolation_replace_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, '[tool.tensorlint]\nconfidence = "certain"\n')
    other = write(tmp_path, '[tool.tensorlint]\nconfidence = "possible"\n', "other.toml")
    assert Configuration(file=str(other)).settings(tmp_path).confidence is Confidence.POSSIBLE
    assert Configuration(isolated=True).settings(tmp_path).confidence is Confidence.LIKELY


def test_the_command_line_lies_over_the_file(tmp_path: Path) -> None:
    write(tmp_path, '[tool.tensorlint]\nconfidence = "certain"\nexclude = ["a"]\nignore = ["TSL101"]\n')
    overrides = Overrides(
        Selection(extend_select=("TSL101",)), extend_exclude=("b",), confidence=Confidence.LIKELY, base="/here"
    )
    settings = Configuration(overrides).settings(tmp_path)
    assert settings.confidence is Confidence.LIKELY
    assert [(each.base, each.patterns) for each in settings.exclude] == [(str(tmp_path), ("a",)), ("/here", ("b",))]
    assert settings.is_selected("TSL101")


@pytest.mark.parametrize(
    ("layers", "on", "off"),
    [
        ([], {"TSL101", "TSL201"}, {"TSL108"}),
        ([Selection(("TSL101",))], {"TSL101"}, {"TSL102", "TSL201", "TSL108"}),
        ([Selection(("TSL",))], {"TSL101", "TSL108", "TSL201"}, set()),
        ([Selection(())], set(), {"TSL101", "TSL201", "TSL108"}),
        ([Selection(extend_select=("TSL1",))], {"TSL101", "TSL108", "TSL201"}, set()),
        ([Selection(ignore=("TSL1",))], {"TSL201"}, {"TSL101", "TSL108"}),
        # The longer selector wins, and ignore wins a tie.
        ([Selection(("TSL101",), ignore=("TSL1",))], {"TSL101"}, {"TSL102", "TSL108"}),
        ([Selection(("TSL1",), ignore=("TSL101",))], {"TSL102", "TSL108"}, {"TSL101", "TSL201"}),
        ([Selection(("TSL1",), ignore=("TSL1",))], set(), {"TSL101", "TSL201"}),
        # A later layer is laid over the one before; one with select starts afresh.
        ([Selection(ignore=("TSL101",)), Selection(extend_select=("TSL1",))], {"TSL101", "TSL108"}, set()),
        ([Selection(("TSL2",)), Selection(ignore=("TSL2",))], set(), {"TSL101", "TSL201"}),
        ([Selection(ignore=("TSL101",)), Selection(("TSL101",))], {"TSL101"}, {"TSL201"}),
    ],
)
def test_selection(layers: list[Selection], on: set[str], off: set[str]) -> None:
    settings = Settings(selections=tuple(layers))
    defaults = {"TSL101": True, "TSL102": True, "TSL108": False, "TSL201": True}
    selected = {code for code, default in defaults.items() if settings.is_selected(code, default)}
    assert on <= selected
    assert not off & selected


def test_an_unknown_code_is_named_with_its_origin(tmp_path: Path) -> None:
    known = {"TSL101", "TSL201"}
    file = write(tmp_path, '[tool.tensorlint]\nextend-select = ["TSL1", "TSL777"]\n')
    with pytest.raises(SettingsError) as error:
        check_codes(nearest(tmp_path / "a.py"), known)
    assert str(error.value) == f"{file}: unknown rule code 'TSL777' (known codes: TSL101, TSL201)"
    for wrong in ("tsl101", "E501", "TSL1011", ""):
        given = Overrides(Selection(ignore=(wrong,))).applied(Settings())
        with pytest.raises(SettingsError, match=f"command line: unknown rule code '{wrong}'"):
            check_codes(given, known)
    check_codes(Settings(selections=(Selection(("TSL", "TSL2"), (), ("TSL201",)),)), known)
