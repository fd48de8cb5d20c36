"""The analyses of a story: names, shapes and plates, paths, methods, credit."""
