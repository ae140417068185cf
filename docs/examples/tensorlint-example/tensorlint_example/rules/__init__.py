"""One rule, one module: each is found by itself."""
