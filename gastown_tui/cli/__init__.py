"""Floor 6: the gt command."""
