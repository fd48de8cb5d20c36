story Loops
"""Ranges that steps make of themselves settle."""

dim T = 5
param w = 0.0

for t in range(T) from h = 0.0, n = 1, kept = 0.5:
    sample z ~ Normal(w, 1) with Reparameterization()
    compute kept = clamp(kept + z, 0, 1)
    compute n = n + 1
    compute h = h + abs(z)
    cost c = h / n + kept + t

cost total = h
