"""The story written once more: graph to graph."""
