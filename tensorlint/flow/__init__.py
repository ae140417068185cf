"""The abstract interpreter: turns definitions into boundary events. Imports nothing of rules, fixes or reports."""
