"""Running what the library tables tell of: trials of calls on small inputs, the rows that follow, and their check."""
