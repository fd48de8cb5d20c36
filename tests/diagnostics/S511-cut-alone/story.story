story Example
param m = 0.0
function reward nondiff: [] -> []
sample z ~ Bernoulli(logits=m)
cost c = -reward(stop_gradient(z))
