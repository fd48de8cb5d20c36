story Loops
param w = 0.3
sample first ~ Normal(w, 1) with ScoreFunction()
for t in range(3) from h = first:
    sample z ~ Normal(h + w, 1) with ScoreFunction(n=2)
    cost before = h
    cost both = h + z
    cost mixed = mean(h, over=z) + z
    compute h = h + z
cost behind = h
