"""Settings: what is read from where, what is refused, and which rules are on."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from commands import Run

from tensorlint.configuration import Configuration, Overrides, nearest, read
from tensorlint.finding import Applicability, Confidence
from tensorlint.linter import check_settings
from tensorlint.settings import BASELINE, KEYS, Origin, Selection, Settings, SettingsError, check_codes, laid_over
from tensorlint.settings.written import toml


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
    assert settings.selections == (Selection(("TSL1",), ("TSL305",), ("TSL102",)),)
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


BAD = [
    ("selct = []", "unknown key 'selct' in [tool.tensorlint] (did you mean 'select'? known keys: select, "),
    ("target_torch = '2.1'", "unknown key 'target_torch' in [tool.tensorlint] (did you mean 'target-torch'? known"),
    ("line-length = 100", "unknown key 'line-length' in [tool.tensorlint] (known keys: select, extend-select"),
    (
        'select = "TSL101"',
        "'select' in [tool.tensorlint] takes a list of codes or beginnings of codes, as str",
    ),
    ("ignore = [101]", "'ignore' in [tool.tensorlint] takes a list of codes"),
    ("exclude = {}", "'exclude' in [tool.tensorlint] takes a list of patterns, as strings, not {}"),
    ('extend-exclude = "gen"', "'extend-exclude' in [tool.tensorlint] takes a list of patterns, as strings, not 'gen'"),
    ('exclude = ["gen", "["]', "'exclude' in [tool.tensorlint] has a pattern that can match nothing: '['"),
    ('exclude = ["!"]', "'exclude' in [tool.tensorlint] has a pattern that can match nothing: '!'"),
    ('exclude = ["[z-a]"]', "'exclude' in [tool.tensorlint] has a pattern that can match nothing: '[z-a]'"),
    ('extend-exclude = [""]', "'extend-exclude' in [tool.tensorlint] has a pattern that can match nothing: ''"),
    ('per-file-ignores = ["TSL1"]', "'per-file-ignores' in [tool.tensorlint] takes a table of patterns, each with a"),
    ('per-file-ignores = { a = "TSL1" }', "'per-file-ignores' in [tool.tensorlint] takes a table of patterns, each"),
    (
        'per-file-ignores = { "![" = [] }',
        "'per-file-ignores' in [tool.tensorlint] has a pattern that can match nothing",
    ),
    ('per-file-ignores = { "a" = ["TSL8"] }', "'per-file-ignores' has an unknown rule code 'TSL8' (did"),
    ('confidence = "sure"', '\'confidence\' in [tool.tensorlint] takes one of "possible", "likely", "certain", not'),
    ("confidence = 3", "'confidence' in [tool.tensorlint] takes one of"),
    ('confidence = ["likely"]', "'confidence' in [tool.tensorlint] takes one of"),
    ('conversion-style = "short"', "'conversion-style' in [tool.tensorlint] takes one of \"full\""),
    ("target-torch = 2.1", '\'target-torch\' in [tool.tensorlint] takes a version such as "2.1", or "newest", not 2.1'),
    ('target-numpy = "new"', "'target-numpy' in [tool.tensorlint] takes a version"),
    ('assume-device = "gpu"', '\'assume-device\' in [tool.tensorlint] takes one of "any", "cpu", "cuda", not \'gpu\''),
    ('rows = "a.b"', "'rows' in [tool.tensorlint] takes an array of tables, not 'a.b'"),
    ("rows = [1]", "'rows' in [tool.tensorlint] takes an array of tables, not [1]"),
    ('rows = [{ names = "a.b", returns = 1 }]', "'rows' in [tool.tensorlint] has returns = 1: that is neither text"),
    ('rows = [{ returns = "array" }]', "'rows': rows table 1 has no names"),
    ('rows = [{ names = "to_np", returns = "array" }]', "'rows': row to_np: the name must be that of a module and"),
    ('rows = [{ names = "a.*", returns = "array" }]', "'rows': row a.*: the name must be that of a module and"),
    ('rows = [{ names = "a.b", retruns = "array" }]', "'rows': row a.b: unknown key 'retruns' (known: attribute, "),
    ('rows = [{ names = "a.b", returns = "ndarray" }]', "'rows': row a.b: returns = 'ndarray' (known: argument, "),
    ('rows = [{ names = "a.b", shares = true }]', "'rows': row a.b: shares = True is not text"),
    ('rows = [{ names = "a.b a.b", returns = "array" }]', "'rows': row a.b stands there twice"),
    ("extend-safe-fixes = true", "'extend-safe-fixes' in [tool.tensorlint] takes a list of codes"),
    ('extend-unsafe-fixes = ["E501"]', "'extend-unsafe-fixes' has an unknown rule code 'E501' ("),
    (
        'extend-safe-fixes = ["TSL101"]\nextend-unsafe-fixes = ["TSL2", "TSL101"]',
        "'TSL101' stands in 'extend-safe-fixes' and in 'extend-unsafe-fixes' in [tool.tensorlint]",
    ),
    ('select = ["TSL777"]', "'select' has an unknown rule code 'TSL777' (did you mean 'TSL"),
    ('ignore = ["tsl101"]', "'ignore' has an unknown rule code 'tsl101' (did you mean 'TSL101'?"),
    ("baseline = 1", "'baseline' in [tool.tensorlint] takes the path of a file, as a string, not 1"),
    ('baseline = "a\\u0000b"', "'baseline' in [tool.tensorlint] holds a NUL character"),
    ("cache-dir = 1", "'cache-dir' in [tool.tensorlint] takes the path of a folder, as a string, not 1"),
    ('cache-dir = ""', "'cache-dir' in [tool.tensorlint] names no folder"),
    ("select = [", "not valid TOML: "),
    ("select = []\nselect = []", "not valid TOML: "),
]


@pytest.mark.parametrize(("line", "complaint"), BAD)
def test_bad_settings_are_one_line_with_file_and_key(line: str, complaint: str, tmp_path: Path) -> None:
    file = write(tmp_path, f"[tool.tensorlint]\n{line}\n")
    with pytest.raises(SettingsError) as error:
        check_settings(nearest(tmp_path / "a.py"))
    said = str(error.value)
    assert said.startswith(f"{file}: {complaint}")
    assert "\n" not in said


@pytest.mark.parametrize(("line", "complaint"), BAD)
def test_bad_settings_end_the_command(line: str, complaint: str, run: Run) -> None:
    run.write("a.py", "import torch\n")
    file = run.write("pyproject.toml", f"[tool.tensorlint]\n{line}\n")
    result = run("check", "--exit-zero")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"Error: {file}: {complaint}")
    assert result.err.count("\n") == 1


def test_long_values_are_cut_short(tmp_path: Path) -> None:
    file = write(tmp_path, f'[tool.tensorlint]\nselect = "{"TSL101," * 100}"\n')
    with pytest.raises(SettingsError) as error:
        read(str(file))
    assert len(str(error.value)) < len(str(file)) + 200


def test_errors_of_toml_say_where(tmp_path: Path) -> None:
    file = write(tmp_path, "[tool.tensorlint]\nselect = [\n  'a'\n  'b']\n")
    with pytest.raises(SettingsError, match=r"not valid TOML: .* \(at line 4, column 3\)"):
        read(str(file))
    file.write_bytes(b"[tool.tensorlint]\n# \xe9\n")
    with pytest.raises(SettingsError, match=r"not valid TOML: not UTF-8 \(at line 2\)"):
        read(str(file))


def test_an_unreadable_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(SettingsError, match=r"folder\.toml: cannot be read: Is a directory"):
        read(str(tmp_path / "folder.toml"), required=True)
    with pytest.raises(SettingsError, match=r"cannot be read: .*null"):
        read("a\0b.toml", required=True)


class TestFilesOfItsOwn:
    def test_keys_stand_at_the_top(self, tmp_path: Path) -> None:
        file = write(tmp_path, 'confidence = "certain"\n', "tensorlint.toml")
        settings = nearest(tmp_path / "src" / "a.py")
        assert (settings.confidence, settings.file) == (Confidence.CERTAIN, str(file))

    def test_one_counts_before_a_pyproject_and_a_hidden_one_before_both(self, tmp_path: Path) -> None:
        write(tmp_path, '[tool.tensorlint]\nconfidence = "certain"\nignore = ["TSL1"]\n')
        write(tmp_path, 'conversion-style = "force"\n', "tensorlint.toml")
        assert nearest(tmp_path / "a.py").conversion_style == "force"
        assert nearest(tmp_path / "a.py").selections == (), "files are not mixed"
        write(tmp_path, "", ".tensorlint.toml")
        assert nearest(tmp_path / "a.py") == Settings()

    def test_a_pyproject_below_counts_before_one_above(self, tmp_path: Path) -> None:
        write(tmp_path, 'confidence = "certain"\n', "tensorlint.toml")
        write(tmp_path / "inner", '[tool.tensorlint]\nconfidence = "possible"\n')
        assert nearest(tmp_path / "inner" / "a.py").confidence is Confidence.POSSIBLE

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("[tool.tensorlint]\n", "unknown key 'tool' (in a file of tensorlint's own the keys stand at the top, "),
            ("selct = []\n", "unknown key 'selct' (did you mean 'select'? "),
            ("confidence = 1\n", "'confidence' takes one of "),
            ("= 1\n", "not valid TOML: "),
        ],
    )
    def test_what_is_wrong(self, text: str, complaint: str, tmp_path: Path) -> None:
        file = write(tmp_path, text, "tensorlint.toml")
        with pytest.raises(SettingsError) as error:
            nearest(tmp_path / "a.py")
        assert str(error.value).startswith(f"{file}: {complaint}")

    @pytest.mark.parametrize("text", ['confidence = "certain"', '[tool.tensorlint]\nconfidence = "certain"'])
    def test_a_file_that_is_named_has_either_form(self, text: str, tmp_path: Path) -> None:
        file = write(tmp_path, text, "ci.toml")
        assert Configuration(file=str(file)).settings(tmp_path).confidence is Confidence.CERTAIN


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
        (
            ("--config ...", {"confidence": "possible", "ignore": ["TSL101"]}),
            ("command line", {"extend-select": ["TSL101"], "extend-exclude": ["b"], "confidence": "likely"}),
        ),
        "/here",
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
    assert str(error.value).startswith(f"{file}: 'extend-select' has an unknown rule code 'TSL777' ")
    assert str(error.value).endswith("known codes: TSL101, TSL201)")
    for wrong in ("tsl101", "E501", "TSL1011", ""):
        given = Overrides((("command line", {"ignore": [wrong]}),)).applied(Settings())
        with pytest.raises(SettingsError, match=f"command line: 'ignore' has an unknown rule code '{wrong}'"):
            check_codes(given, known)
    check_codes(laid_over(Settings(), {"select": ["TSL", "TSL2"], "ignore": ["TSL201"]}, Origin("x", "/")), known)


class TestFixes:
    @pytest.mark.parametrize(
        ("table", "expected"),
        [
            ({}, None),
            ({"extend-safe-fixes": ["TSL1"]}, Applicability.SAFE),
            ({"extend-unsafe-fixes": ["TSL"]}, Applicability.UNSAFE),
            ({"extend-safe-fixes": ["TSL1"], "extend-unsafe-fixes": ["TSL101"]}, Applicability.UNSAFE),
            ({"extend-safe-fixes": ["TSL101"], "extend-unsafe-fixes": ["TSL1"]}, Applicability.SAFE),
            ({"extend-safe-fixes": ["TSL2"], "extend-unsafe-fixes": ["TSL102"]}, None),
        ],
    )
    def test_the_longer_selector_counts(self, table: dict[str, object], expected: Applicability | None) -> None:
        assert laid_over(Settings(), table, Origin("x", "/")).applicability("TSL101") is expected

    def test_what_is_laid_over_a_file_wins(self) -> None:
        file = laid_over(Settings(), {"extend-unsafe-fixes": ["TSL101"]}, Origin("file", "/"))
        over = laid_over(file, {"extend-safe-fixes": ["TSL101"]}, Origin("command line", "/"))
        assert over.applicability("TSL101") is Applicability.SAFE


def test_settings_can_be_kept_and_sent(tmp_path: Path) -> None:
    write(tmp_path, "[tool.tensorlint]\n" + "".join(f"{name} = {toml(key.example)}\n" for name, key in KEYS.items()))
    settings = nearest(tmp_path / "a.py")
    check_settings(settings)
    assert {each.key for each in settings.given} == set(KEYS)
    assert pickle.loads(pickle.dumps(settings)) == settings
    assert hash(pickle.loads(pickle.dumps(settings))) == hash(settings)
    assert settings != Settings()


class TestBaseline:
    def test_it_lies_beside_the_settings(self, tmp_path: Path) -> None:
        write(tmp_path, "[tool.tensorlint]\n")
        write(tmp_path / "inner", "", BASELINE)
        assert nearest(tmp_path / "inner" / "a.py").baseline is None
        file = write(tmp_path, "", BASELINE)
        assert nearest(tmp_path / "inner" / "a.py").baseline == str(file)

    def test_without_settings_it_lies_in_or_above_the_folder(self, tmp_path: Path) -> None:
        file = write(tmp_path, "", BASELINE)
        assert nearest(tmp_path / "inner" / "a.py").baseline == str(file)

    def test_a_key_names_another_beside_the_settings_or_none(self, tmp_path: Path) -> None:
        write(tmp_path, "", BASELINE)
        write(tmp_path, '[tool.tensorlint]\nbaseline = "known/all.jsonl"\n')
        assert nearest(tmp_path / "a.py").baseline == str(tmp_path / "known" / "all.jsonl")
        write(tmp_path, '[tool.tensorlint]\nbaseline = ""\n')
        assert nearest(tmp_path / "a.py").baseline == ""
        assert Configuration(isolated=True).settings(tmp_path).baseline is None


def test_a_settings_file_that_is_a_link_to_nowhere_is_not_passed_over(run: Run) -> None:
    (run.folder / "tensorlint.toml").symlink_to("gone.toml")
    result = run("check")
    assert (result.code, result.out) == (2, "")
    assert result.err == f"Error: {run.folder / 'tensorlint.toml'}: cannot be read: No such file or directory\n"
