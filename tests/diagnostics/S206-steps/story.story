story Steps
input n: int
input x[3]
param w = 0.4
for t in range(n) from h = 0:
    compute h = h + w
for s in range(x) from g = 0:
    compute g = g + w
cost c = h + g
