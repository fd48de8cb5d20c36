story First
"""The first choice knows of no poles; the one that stands does."""

param m = 0.5
sample z ~ Normal(m, 1)
cost c = tanh(1 / z)
