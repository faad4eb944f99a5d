"""Reads what test runners print, line by line, into counts and the first failure with the lines that say why."""
