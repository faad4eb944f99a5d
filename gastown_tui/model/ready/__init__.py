"""What keeps a bead from being ready, and the indexes that know it without looking at the rest."""
