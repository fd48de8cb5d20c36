story Plain
param w = 0.3
sample z ~ Normal(w, 1)
cost c = z
