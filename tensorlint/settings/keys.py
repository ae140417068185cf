"""The table of keys. Parsing and its errors, the page, the JSON schema and ``--show-settings`` are made of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

from tensorlint.finding import Confidence
from tensorlint.settings import kinds
from tensorlint.settings.kinds import Kind
from tensorlint.settings.model import (
    BASELINE,
    CONVERSION_STYLES,
    DEFAULT_EXCLUDE,
    DEVICES,
    PathPatterns,
    PerFileIgnore,
    Settings,
)

__all__ = ["KEYS", "Defaults", "Key", "Origin"]

Defaults: TypeAlias = "Mapping[str, bool]"
"""Every code, and whether its rule is on where nothing is selected."""


class Origin(NamedTuple):
    """Where a table of settings was written."""

    name: str
    """The file or the option, as errors name it."""
    base: str
    """The folder that its paths are relative to."""
    table: str = ""
    """The table in the file, as errors name it; empty: the keys stand at the top."""


Lay: TypeAlias = "Callable[[Settings, Any, Origin], Settings]"
Show: TypeAlias = "Callable[[Settings, Defaults], object]"


@dataclass(frozen=True, slots=True)
class Key:
    """One key."""

    kind: Kind
    default: object
    """Where nothing is set, as TOML would say it; None: that depends, as ``text`` says."""
    text: str
    """What it does, in Markdown. The first sentence can stand by itself."""
    example: object
    lay: Lay
    """Lay a value over the settings."""
    show: Show | None
    """What the settings come to, as TOML would say it; None: another key shows it."""
    shows: tuple[str, ...] = ()
    """The keys that this one shows besides itself."""

    @property
    def names_rules(self) -> bool:
        """Its value holds codes of rules."""
        return self.kind in (kinds.CODES, kinds.CODES_BY_PATTERN)


def _in_last_layer(field: str) -> Lay:
    """Into the layer that was added for this table."""

    def lay(settings: Settings, value: tuple[str, ...], origin: Origin) -> Settings:
        *before, last = settings.selections
        return replace(settings, selections=(*before, replace(last, **{field: value})))

    return lay


def _as(field: str) -> Lay:
    return lambda settings, value, origin: replace(settings, **{field: value})


def _shown(field: str) -> Show:
    return lambda settings, defaults: getattr(settings, field)


def _lay_exclude(settings: Settings, value: tuple[str, ...], origin: Origin) -> Settings:
    return replace(settings, exclude=(PathPatterns(origin.base, value),))


def _lay_extend_exclude(settings: Settings, value: tuple[str, ...], origin: Origin) -> Settings:
    return replace(settings, exclude=(*settings.exclude, PathPatterns(origin.base, value)))


def _lay_per_file_ignores(
    settings: Settings, value: tuple[tuple[str, tuple[str, ...]], ...], origin: Origin
) -> Settings:
    ignores = (
        PerFileIgnore(PathPatterns(origin.base, (pattern.removeprefix("!"),)), pattern.startswith("!"), codes)
        for pattern, codes in value
    )
    return replace(settings, per_file_ignores=tuple(ignores))


def _lay_safe(settings: Settings, value: tuple[str, ...], origin: Origin) -> Settings:
    unsafe = tuple(code for code in settings.unsafe_fixes if code not in value)
    return replace(settings, safe_fixes=(*settings.safe_fixes, *value), unsafe_fixes=unsafe)


def _lay_unsafe(settings: Settings, value: tuple[str, ...], origin: Origin) -> Settings:
    safe = tuple(code for code in settings.safe_fixes if code not in value)
    return replace(settings, safe_fixes=safe, unsafe_fixes=(*settings.unsafe_fixes, *value))


def _lay_baseline(settings: Settings, value: str, origin: Origin) -> Settings:
    return replace(settings, baseline=os.path.abspath(os.path.join(origin.base, value)) if value else "")


def _lay_cache_dir(settings: Settings, value: str, origin: Origin) -> Settings:
    return replace(settings, cache_dir=os.path.abspath(os.path.join(origin.base, value)))


def _show_select(settings: Settings, defaults: Defaults) -> object:
    return tuple(code for code, default in sorted(defaults.items()) if settings.is_selected(code, default))


def _show_exclude(settings: Settings, defaults: Defaults) -> object:
    return tuple(pattern for each in settings.exclude for pattern in each.patterns)


def _show_per_file_ignores(settings: Settings, defaults: Defaults) -> object:
    return {"!" * each.negated + each.where.patterns[0]: each.codes for each in settings.per_file_ignores}


def _show_rows(settings: Settings, defaults: Defaults) -> object:
    return [dict(table) for table in settings.rows]


KEYS: Mapping[str, Key] = {
    "select": Key(
        kinds.CODES,
        None,
        "The rules to apply, instead of those that are on by default: codes (`TSL101`) or beginnings of codes (`TSL1`)."
        " A rule is on or off by the longest selector that fits its code; `ignore` wins over `select` where both are"
        " of one length.",
        ["TSL1", "TSL203"],
        _in_last_layer("select"),
        _show_select,
        ("extend-select", "ignore"),
    ),
    "extend-select": Key(
        kinds.CODES,
        [],
        "Rules to apply besides. This is how a rule that is off by default is switched on.",
        ["TSL108"],
        _in_last_layer("extend_select"),
        None,
    ),
    "ignore": Key(
        kinds.CODES,
        [],
        "Rules not to apply.",
        ["TSL503"],
        _in_last_layer("ignore"),
        None,
    ),
    "per-file-ignores": Key(
        kinds.CODES_BY_PATTERN,
        {},
        "Rules not to apply in some files: for each pattern, codes or beginnings of codes."
        " Patterns are those of a `.gitignore`, relative to the folder of the settings; with `!` before it, a pattern"
        " stands for all files that it does not match. This holds over every selection, that of the command line too.",
        {"tests/": ["TSL2"], "!src/": ["TSL5"]},
        _lay_per_file_ignores,
        _show_per_file_ignores,
    ),
    "exclude": Key(
        kinds.PATTERNS,
        list(DEFAULT_EXCLUDE),
        "What to leave out, instead of the default: patterns as in a `.gitignore`, relative to the folder of the"
        " settings. What a `.gitignore` names is left out anyway. A file that is named on the command line is linted"
        " all the same, unless `--force-exclude` is given.",
        ["generated/", "*_pb2.py"],
        _lay_exclude,
        _show_exclude,
        ("extend-exclude",),
    ),
    "extend-exclude": Key(
        kinds.PATTERNS,
        [],
        "What to leave out besides.",
        ["third_party/"],
        _lay_extend_exclude,
        None,
    ),
    "confidence": Key(
        kinds.choice(tuple(str(level) for level in Confidence)),
        "likely",
        "The least confidence that is reported. [Confidence](confidence.md) says what the levels mean.",
        "certain",
        lambda settings, value, origin: replace(settings, confidence=Confidence.parse(value)),
        lambda settings, defaults: str(settings.confidence),
    ),
    "target-torch": Key(
        kinds.VERSION,
        None,
        "The version of torch that the program is for, where versions behave differently."
        " Without it, the newest that the project's requirements allow.",
        "2.1",
        _as("target_torch"),
        lambda settings, defaults: settings.target_torch or None,
    ),
    "target-numpy": Key(
        kinds.VERSION,
        None,
        "The version of NumPy that the program is for, in the same way.",
        "1.26",
        _as("target_numpy"),
        lambda settings, defaults: settings.target_numpy or None,
    ),
    "assume-device": Key(
        kinds.choice(DEVICES),
        "any",
        'What the program runs on: on machines with and without a GPU (`"any"`), never on a GPU (`"cpu"`), or always'
        ' on a machine with a CUDA GPU (`"cuda"`). With `"cpu"`, what goes wrong on a GPU alone is left out (TSL102,'
        " TSL505), `torch.cuda.is_available()` is false, and what shares memory on the CPU shares it for certain: a"
        ' write that would be TSL204 is TSL201 or TSL202. With `"cuda"`, `torch.cuda.is_available()` is true and a'
        " device that is chosen elsewhere is a GPU: TSL102 is certain where it was likely, and what is only done"
        " without a GPU is not looked at.",
        "cpu",
        _as("assume_device"),
        _shown("assume_device"),
    ),
    "rows": Key(
        kinds.ROWS,
        [],
        "What the project's own functions do, where it cannot be seen in their code: in the form of the tables that"
        " tensorlint has for libraries. `names` are full names as they are imported, separated by blanks (`prefix`"
        " stands before each). The other keys are the fields of `Row` in `tensorlint/library/row.py`, which says what"
        " they mean. A row goes before what the code says.",
        [
            {"prefix": "shop.arrays.", "names": "to_np", "returns": "array", "converts": ["0"], "how": "explicit"},
            {"names": "shop.models.Backbone.build", "returns": "module", "parameters": True},
        ],
        _as("rows"),
        _show_rows,
    ),
    "conversion-style": Key(
        kinds.choice(CONVERSION_STYLES),
        "full",
        'What a repaired conversion looks like: `"full"` is `.detach().cpu().numpy()`, `"minimal"` adds the missing'
        ' link alone, `"force"` is `.numpy(force=True)`.',
        "minimal",
        _as("conversion_style"),
        _shown("conversion_style"),
    ),
    "extend-safe-fixes": Key(
        kinds.CODES,
        [],
        "Rules whose unsafe fixes are taken as safe, so that `--fix` makes them."
        " Where a code fits here and in `extend-unsafe-fixes`, the longer selector counts.",
        ["TSL506"],
        _lay_safe,
        _shown("safe_fixes"),
    ),
    "extend-unsafe-fixes": Key(
        kinds.CODES,
        [],
        "Rules whose safe fixes are taken as unsafe, so that only `--unsafe-fixes` makes them.",
        ["TSL303"],
        _lay_unsafe,
        _shown("unsafe_fixes"),
    ),
    "baseline": Key(
        kinds.FILE,
        None,
        f"The file with the findings that are known already, and are not reported."
        f" `tensorlint baseline write` makes it. Without the key it is `{BASELINE}` beside the settings, if it is"
        ' there; `""` stands for none.',
        "known-findings.jsonl",
        _lay_baseline,
        _shown("baseline"),
    ),
    "cache-dir": Key(
        kinds.FOLDER,
        None,
        "The folder in which results are kept from run to run. Without the key it is `.tensorlint_cache` in the"
        " project's folder. The settings of the working folder say it for the whole run; `--cache-dir` and the"
        " environment variable `TENSORLINT_CACHE_DIR` count before it, and `--no-cache` keeps nothing.",
        "../caches/tensorlint",
        _lay_cache_dir,
        lambda settings, defaults: settings.cache_dir or None,
    ),
}
