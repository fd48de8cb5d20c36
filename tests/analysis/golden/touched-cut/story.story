story Cut
param w = 0.1
sample z ~ Normal(w, 1)
compute a = stop_gradient(z) + w
compute b = round(z) + a
sample y ~ Normal(stop_gradient(b), 1)
cost c = a
cost d = b + y
