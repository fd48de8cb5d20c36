story Mixing
plate data
plate sites sum
input x[data, sites]
param w = 0.1
sample z ~ Normal(w * x, 1) with ScoreFunction(n=3)
sample y ~ Normal(mean(z, over=z), 1) with ScoreFunction(n=2)
compute a = mean(z, over=data) + mean(z, over=z)
cost pointwise = z
cost once = mean(z, over=[data, z])
cost both = z + mean(z, over=sites)
cost through = mean(a, over=sites) + y
cost joint = logmeanexp(y + z, over=[y, z])
