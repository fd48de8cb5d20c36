story Functions
param m = 0.0
sample z ~ Norml(m, 1)
sample y ~ Gaussian(m, 1)
compute a = sofplus(m)
compute b = randn([3])
cost c = frobnicate(m)
