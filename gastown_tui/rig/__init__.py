"""Floor 2: the only home of pygit2 and of git subprocesses."""
