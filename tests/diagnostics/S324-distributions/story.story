story Distributions
param w[3] = 0.0
compute q = Normal(w, 1)
sample z ~ q if w > 0 else Normal(0, 1)
cost c = sum(q[0] + z)
