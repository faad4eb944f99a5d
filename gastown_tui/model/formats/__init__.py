"""How beads are written elsewhere: each format read from bytes into drafts, and written from beads; no I/O."""
