"""Names, shapes and plates: from the syntax tree to the typed graph."""
