"""What library calls return, share, write and convert: tables (TOML), not code."""
