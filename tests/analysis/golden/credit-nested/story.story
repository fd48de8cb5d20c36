story Nested
param w = 0.3
for t in range(3) from h = w:
    sample a ~ Normal(w, 1) with ScoreFunction()
    for s in range(2) from g = h:
        sample b ~ Normal(g + w, 1) with ScoreFunction()
        cost inner = b + g + a
        compute g = b
    cost outer = g
    compute h = g
cost last = h
