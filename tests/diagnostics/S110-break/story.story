story Break
param m = 0.0
for t in range(3):
    sample z ~ Normal(m, 1)
    cost c = z
    if z > 1: break
for t in range(3):
    sample y ~ Normal(m, 1)
    cost d = y
    if y > 1:
        break
