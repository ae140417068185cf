"""Observing a program while it runs: what crosses the boundary, and a simulated GPU where there is none.

What runs inside the observed program needs torch and NumPy and nothing else of tensorlint's needs; the rest (starting
the program, the file, joining it with findings) needs neither.
"""
