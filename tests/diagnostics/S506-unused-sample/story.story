story UnusedSample
param m = 0.0
sample a ~ Normal(m, 1)
sample b ~ Normal(a, 1)
# Behind a cut a sample is used all the same, and so is one that is only looked at.
sample d ~ Normal(m, 1)
sample e ~ Normal(m, 1)
cost c = (m - stop_gradient(d)) ** 2
report r = e
