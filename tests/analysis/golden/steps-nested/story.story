story Nested
param w = 0.3
for t in range(3) from h = w:
    sample a ~ Normal(w, 1)
    for s in range(2) from g = h:
        sample b ~ Normal(g, 1)
        cost inner = b + g + a
        compute g = b
    cost outer = h + g
    compute h = g
