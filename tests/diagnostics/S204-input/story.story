story Reserved
input self
input given
input keep_param_grads
param m = 0.0
sample z ~ Normal(m, 1)
cost c = z * (self + given + keep_param_grads)
