story EachAnyway
plate data
plate sites
input x[data, sites]
param w = 0.1
sample a ~ Normal(x, 1) each data
sample b ~ Normal(w, 1) each data
sample c ~ Normal(w, 1) each sites, data in b
sample d ~ Normal(w, 1) each data, sites  # storchc: allow S525
for t in range(2) from h = w:
    sample e ~ Normal(h, 1) each data
    compute h = h + mean(x, over=sites)
cost l = (a + b + c + d + h) ** 2
