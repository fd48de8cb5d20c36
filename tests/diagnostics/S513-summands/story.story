story Example
plate data
input x[data]
param m = 0.0
sample z ~ Normal(m * x, 1) with ScoreFunction(n=4)
compute r = (z - x) ** 2
cost among = 0.1 * m ** 2 - (r - mean(r, over=z)) * x
cost batch = r - mean(r, over=data)
cost both = (r - mean(r, over=[z, data])) * x
