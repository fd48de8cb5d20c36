story TooMany
param w[4] = 0.0
module net: [4] -> []
sample z ~ Normal(w, 1)
compute a = exp(z, 2)
compute b = entropy(Normal(0, 1), 3)
cost c = net(z, z, z)
