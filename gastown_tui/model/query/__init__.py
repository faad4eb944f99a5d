"""The query language: which beads a person means, in words that are parsed once and asked of any town."""

from __future__ import annotations

from gastown_tui.model.query.fields import FIELDS, Field
from gastown_tui.model.query.grammar import parse
from gastown_tui.model.query.tree import Query
from gastown_tui.model.query.words import QueryError

__all__ = ["FIELDS", "Field", "Query", "QueryError", "parse"]
