"""What other packages' rules and tables are not used. Nothing is imported where no package adds any."""

from __future__ import annotations

from tensorlint.extensions import RULES, TABLES, extensions

__all__ = ["not_used"]


def not_used() -> tuple[str, ...]:
    """What is not used, and why: a sentence each, on one line."""
    if not extensions(RULES) and not extensions(TABLES):
        return ()
    from tensorlint.rules.registry import problems

    return problems()
