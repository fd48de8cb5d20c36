story Hoisted
plate data
input x[data]
param w = 0.1
module f: [] -> []
module g: [] -> [], []
compute a, b = g(f(x))
sample z ~ Normal(f(a) + f(b), 1) with ScoreFunction(n=2, baseline=f(x))
cost c = f(z) * f(z)
