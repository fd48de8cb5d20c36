"""Diagnostics: their data, the words of each area, and how they are shown."""
