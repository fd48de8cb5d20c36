"""The exact interpreter: the meaning of a small discrete story, by brute force."""
