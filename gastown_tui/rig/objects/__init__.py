"""Git objects as bytes: trees in memory, packs made and made few."""
