story Told
plate data
input x[data]
param u = 0.1
param v = 0.1
module critic: [], [] -> []
module trunk: [] -> []
module encoder: [] -> []
compute code = encoder(x)
sample a ~ Normal(u * x, 1) with LAX(c_phi=critic(a, trunk(x) + v))
sample b ~ Normal(u + code, 1) with LAX(c_phi=critic(b, code))
cost c = a * b
