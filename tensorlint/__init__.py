"""tensorlint: finds conversion bugs between PyTorch and NumPy before the code runs."""

# Without `from __future__ import annotations`: see __main__.py.
__version__ = "0.1.0"
