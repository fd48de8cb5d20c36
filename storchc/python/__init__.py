"""The target language: expressions, their layout, and names."""
