story Example
param w = 0.4
function reward nondiff stateful: [] -> []
sample z ~ Bernoulli(logits=w) with DisARM()
cost c = -reward(z)
