"""A language server: what the commands find and fix, in editors (LSP 3.17, over standard input and output).

It translates and decides nothing: findings come from :mod:`tensorlint.api`, in a process of their own. Needs pygls,
which the extra ``server`` brings.
"""
