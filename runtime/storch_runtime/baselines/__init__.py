"""Baselines: what is subtracted from a downstream cost before it multiplies a score."""
