"""The ledger as the engine keeps it: written behind the journal, copied for a quick start, read back, and mended."""
