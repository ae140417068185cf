"""Repairs: what to write instead, as edits of the original text."""
