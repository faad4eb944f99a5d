"""The merge queue as values: what happens to it, and how each event changes the town."""
