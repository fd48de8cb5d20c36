story Loops
plate data
input x[data, 4]
param w = 0.1
module cell: [], [] -> [], []
for t in range(4) from h = w, i = 0:
    sample z ~ Normal(h, 1)
    compute h, g = cell(z, x[t])
    for s in range(2) from j = i:
        compute j = j + s * t
    compute i = j
    observe o = x[t] ~ Normal(g, 1)
    report r = z + i
cost c = sequence(z)[-1] + h
