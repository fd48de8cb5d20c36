story FlagBeforeItsName
param m = 0.0
module frozen critic: [] -> []
sample z ~ Normal(m, 1) with Reparameterization()
cost c = critic(z)
