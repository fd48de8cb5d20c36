story Example
param m = 0.0
for t in range(3):
    sample z ~ Normal(m, 1) with ScoreFunction()
    compute y = z if stop_gradient(t) == 0 else 2 * z
    cost c = stop_gradient(y)
