story Example
param m = 0.0
function reward nondiff: [] -> []
sample z ~ Bernoulli(logits=m) with ScoreFunction(n=4)
compute r = reward(z)
compute level = mean(r, over=z)
cost c = -(r - level) / sqrt(mean((r - level) ** 2, over=z) + 0.001)
