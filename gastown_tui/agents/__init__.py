"""Floor 2: the only home of PTYs and of the terminal emulator."""
