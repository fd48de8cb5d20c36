story Example
param m = 0.0
function reward nondiff: [] -> []
compute q = Bernoulli(logits=m)
sample z ~ q
compute advantage = stop_gradient(reward(z)) - 0.5
cost c = -(advantage * log_prob(q, z))
