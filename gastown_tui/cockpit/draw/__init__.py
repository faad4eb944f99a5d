"""How things are drawn: lines of spans, charts and terminals, without widgets."""
