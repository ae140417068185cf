"""tensorlint: finds conversion bugs between PyTorch and NumPy before the code runs."""

__version__ = "0.1.0"
