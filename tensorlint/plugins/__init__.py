"""tensorlint inside other tools; each module translates and none decides."""
