story Example
param m = 0.0
sample z ~ Normal(m, 1) with ScoreFunction
cost square = z ** 2
