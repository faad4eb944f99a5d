"""Floor 3: the rounds that turn orders into landed code."""
