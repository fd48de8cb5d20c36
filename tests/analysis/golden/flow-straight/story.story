story Straight
param w = 0.1
compute a = w + 1
sample z ~ Normal(a, 1)
cost c = mean(z, over=z) + z
