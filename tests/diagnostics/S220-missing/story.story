story Missing
param w[4] = 0.0
module pair: [4], [4] -> []
sample z ~ Normal(w, 1)
compute a = reshape(w)
compute b = clamp()
compute d = log_prob(Normal(0, 1))
compute e = mean(over=z)
cost c = pair(z)
