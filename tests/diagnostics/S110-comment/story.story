story Example
// a normal variable
param m = 0
sample z ~ Normal(m, 1)
cost c = z
