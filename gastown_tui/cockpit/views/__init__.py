"""What opens over the town: details, questions, terminals, help."""
