"""What tensorlint is given: rules and tables."""
