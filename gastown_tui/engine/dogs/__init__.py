"""Single health checks, each with its fix."""
