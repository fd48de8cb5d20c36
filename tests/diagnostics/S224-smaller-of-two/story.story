story SmallerOfTwo
param m = 0.0
sample z ~ Normal(m, 1) with Reparameterization()
cost a = min(z ** 2, z ** 4)
cost b = max(z, dim="last")
