"""From the typed graph to Python source."""
