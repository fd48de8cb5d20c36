story Example
param m = 0
sample z ~ Normal(m, 1)
print(z)
cost c = z
