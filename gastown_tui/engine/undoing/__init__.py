"""Taking landings back: what it would do, the bead that does it, and what follows when it has landed."""
