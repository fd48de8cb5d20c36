story Example
param m[2] = zeros()
sample z ~ Normal(m, 1)
cost square = einsum("i,i\->", z, z)
