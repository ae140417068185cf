"""What the user has set: the model, the table of keys, and how a table of settings is read.

Each layer (the file, then the command line) is laid over the one before, and one with ``select`` starts afresh.
"""

from __future__ import annotations

from tensorlint.settings.keys import KEYS, Origin
from tensorlint.settings.model import (
    BASELINE,
    CONVERSION_STYLES,
    DEFAULT_EXCLUDE,
    PathPatterns,
    PerFileIgnore,
    RowTable,
    Selection,
    Settings,
    SettingsError,
)
from tensorlint.settings.parse import check_codes, laid_over, parse

__all__ = [
    "BASELINE",
    "CONVERSION_STYLES",
    "DEFAULT_EXCLUDE",
    "KEYS",
    "Origin",
    "PathPatterns",
    "PerFileIgnore",
    "RowTable",
    "Selection",
    "Settings",
    "SettingsError",
    "check_codes",
    "laid_over",
    "parse",
]
