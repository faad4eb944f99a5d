"""A scripted worker that behaves in a terminal as Claude Code does, so that a town can be rehearsed without a model."""
