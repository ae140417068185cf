"""What Python runs at its start in an observed process, because this folder stands first in ``PYTHONPATH``.

It gives way to a ``sitecustomize`` of the user's own, and leaves the module search path as it would be without it.
"""

from __future__ import annotations

import importlib
import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))


def _arm() -> None:
    package = os.path.dirname(os.path.dirname(os.path.dirname(_HERE)))
    sys.path.insert(0, package)  # the program may run in an environment that has no tensorlint
    try:
        from tensorlint.observe.start import arm_from_environment

        arm_from_environment()
    except Exception:  # whatever it is, the program must not feel it
        pass
    finally:
        sys.path.remove(package)


sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != _HERE]
_arm()

# The user's own: Python goes on as if this one had not been there.
_this = sys.modules.pop("sitecustomize", None)
try:
    importlib.import_module("sitecustomize")  # it is another one now
except ImportError as error:
    if error.name == "sitecustomize" and _this is not None:
        sys.modules["sitecustomize"] = _this
    raise
