"""tensorlint: finds conversion bugs between PyTorch and NumPy before the code runs."""

from __future__ import annotations

__version__ = "0.1.0"
