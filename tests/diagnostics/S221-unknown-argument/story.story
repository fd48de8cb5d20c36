story UnknownArgument
param w[4] = 0.0
module net: [4] -> []
sample z ~ Normal(w, 1)
compute a = sum(z, axis=0)
compute b = sum(z, keepdims=true)
compute d = kl_divergence(Normal(0, 1), other=Normal(0, 2))
cost c = net(input=z)
