story HardConcrete
"""L0 regularisation (Louizos et al. 2018): stretched and clamped concrete gates on the weights of a layer."""

dim D = 5
dim O = 3
plate data

input  x[data, D]
input  y[data]: int
input  lambda_0
param  weight[D, O] = normal(0, 0.1)
param  log_alpha[D] = normal(2, 0.01)

sample  u ~ Uniform(full([D], 1e-6), 1 - 1e-6) with Reparameterization()
compute s = sigmoid((log(u) - log(1 - u) + log_alpha) / 0.66)
compute gate = clamp(s * (1.1 - -0.1) + -0.1, 0, 1)
cost    loss = cross_entropy((x * gate) @ weight, y)
cost    l0 = lambda_0 * sum(sigmoid(log_alpha - 0.66 * log(0.1 / 1.1)))
