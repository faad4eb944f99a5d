"""Taking orders back: what each changed, kept while it is folded, and what undoing it would do now."""
