"""``python -m tensorlint``."""

from __future__ import annotations

from tensorlint.cli import main

if __name__ == "__main__":
    main()
