"""What is shown of a run: text for people, and the forms that other programs read."""
