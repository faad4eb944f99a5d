"""Floor 4: the way in from outside."""
