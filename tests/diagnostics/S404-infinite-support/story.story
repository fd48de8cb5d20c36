story InfiniteSupport
param m = 0.0
compute q = Poisson(rate=exp(m))
sample a ~ Normal(m, 1) with Expect()
sample b ~ q with Expect()
cost c = a ** 2 + b
