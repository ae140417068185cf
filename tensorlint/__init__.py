"""tensorlint: finds conversion bugs between PyTorch and NumPy before the code runs."""

# Without `from __future__ import annotations`: see __main__.py.
__version__ = "0.1.0"

__all__ = [
    "Applicability",
    "Confidence",
    "Edit",
    "Evidence",
    "ExtensionWarning",
    "Finding",
    "Fix",
    "FixedSource",
    "SettingsError",
    "check_paths",
    "check_source",
    "fix_source",
]

TYPE_CHECKING = False  # as type checkers know it; the module typing would have to be imported
if TYPE_CHECKING:
    from tensorlint.api import FixedSource, check_paths, check_source, fix_source
    from tensorlint.extensions import ExtensionWarning
    from tensorlint.finding import Applicability, Confidence, Edit, Evidence, Finding, Fix
    from tensorlint.settings import SettingsError

_HOMES = {
    "tensorlint.api": ("FixedSource", "check_paths", "check_source", "fix_source"),
    "tensorlint.extensions": ("ExtensionWarning",),
    "tensorlint.finding": ("Applicability", "Confidence", "Edit", "Evidence", "Finding", "Fix"),
    "tensorlint.settings": ("SettingsError",),
}
"""Where the public names are defined. They are imported when they are asked for: the package itself costs nothing."""


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            from importlib import import_module

            value: object = getattr(import_module(home), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
