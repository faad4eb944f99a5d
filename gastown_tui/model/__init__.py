"""Floor 0: what the town is, pure and immutable; no I/O, no clock, no asyncio."""
