"""``python -m tensorlint``."""

# Nothing is imported but what Python has loaded by now: `python -m` has put the working folder first on the path, and
# a file that is linted there must not be taken for a module. (`from __future__` is an import, too.)
import os
import sys

if __name__ == "__main__":
    folder = os.getcwd()
    if sys.path and sys.path[0] in ("", folder) and not __file__.startswith(os.path.join(folder, "tensorlint", "")):
        del sys.path[0]
    from tensorlint.cli import main

    main()
