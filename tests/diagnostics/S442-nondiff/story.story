story Nondiff
function reward nondiff: [], [] -> []
param w = 0.2
param v = 0.1
sample z ~ Normal(w, 1) with ScoreFunction()
cost c = reward(z, 2 * v)
cost d = reward(z, stop_gradient(v))
