story Example
param m = 0.5
function smooth stateful: [] -> []
sample z ~ Normal(m, 1) with Reparameterization()
compute kept = smooth(z)
cost c = kept ** 2
cost bonus = without_credit(m * kept)
cost other = without_credit(m * z)
