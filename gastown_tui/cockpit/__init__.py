"""Floor 5: the only home of textual and rich."""
