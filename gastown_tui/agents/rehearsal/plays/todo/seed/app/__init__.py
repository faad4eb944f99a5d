"""A to-do list with a web page, a JSON API and a SQLite file."""
