story Inside
param w = 0.4
input x[3]
for t in range(3) from h = 0:
    compute h[t] = h + w
    compute h += w
    observe x[t] ~ Normal(h, 1)
cost c = sum(w * x[t] for t in range(3))
