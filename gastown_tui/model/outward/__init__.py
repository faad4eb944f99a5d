"""Landing beyond this machine as values: pull requests, and what becomes of them."""
