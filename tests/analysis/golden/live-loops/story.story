story Loops
param w = 0.3
for t in range(3) from h = 0.0, g = 0.0, k = w:
    sample z ~ Normal(g, 1) with ScoreFunction()
    compute g = h
    compute h = w
    compute k = round(k)
    cost c = z + k
cost d = k
