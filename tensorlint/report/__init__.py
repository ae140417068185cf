"""What is shown of a run: text with source frames, one line a finding, or JSON."""
