"""``python -m tensorlint.verify``: the harness where torch and NumPy are, and nothing else of tensorlint's needs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tensorlint.verify.claims import DEVICES


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the harness; the exit code: 0 all confirmed, 1 a contradiction, 2 bad usage."""
    parser = argparse.ArgumentParser(prog="python -m tensorlint.verify", description="Run what the rules claim.")
    parser.add_argument("fixtures", nargs="*", type=Path, help="fixtures or folders of them (default: those shipped)")
    parser.add_argument("--device", action="append", choices=DEVICES, default=[], help="run on this device only")
    parser.add_argument("--no-lint", action="store_true", help="do not compare the linter's findings with the markers")
    parser.add_argument("--record", action="store_true", help="write the observations beside the fixtures")
    parser.add_argument("--update-fixed", action="store_true", help="have the fixer write the fixed programs first")
    parser.add_argument(
        "--tables",
        action="store_true",
        help="check the rows of the knowledge tables (of the libraries named in place of fixtures; default: all)",
    )
    parser.add_argument("--details", action="store_true", help="with --tables: name each row that is not checked")
    parser.add_argument("--quiet", action="store_true", help="print only what is not confirmed")
    options = parser.parse_args(arguments)
    try:
        if options.tables:
            from tensorlint.verify.rows.report import command as check_tables

            return check_tables([str(name) for name in options.fixtures], details=options.details, quiet=options.quiet)
        from tensorlint.verify.harness import command

        return command(
            options.fixtures,
            devices=options.device,
            lint=not options.no_lint,
            recording=options.record,
            updating=options.update_fixed,
            quiet=options.quiet,
        )
    except (FileNotFoundError, ValueError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    sys.exit(main())
