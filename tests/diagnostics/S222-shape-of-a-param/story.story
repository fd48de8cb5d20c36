story Shaped
param w = zeros([3, 4])
sample z ~ Normal(0, 1)
cost c = z * sum(w)
