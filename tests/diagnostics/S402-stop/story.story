story Walk
param w = 0.5
for t in range(4) from h = w, g = w:
    sample z ~ Normal(h, 1) with Reparameterization()
    compute h = h + z
    sample y ~ Normal(g, 1) with Reparameterization()
    compute g = g + round(y)
    cost c = h ** 2 + g
    stop when h + g > 1
