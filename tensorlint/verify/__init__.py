"""The run-time harness: the only part of tensorlint that imports torch and NumPy."""
