story Walks
plate data
dim K = 4
input x[data, K]
module cell: [K] -> [K]
param w[K] = zeros()
compute scale = sum(x)
for t in range(3) from h = x:
    sample y ~ OneHotCategorical(logits=h * scale) with UnorderedSetEstimator(k=3)
    compute kept = sum(y * h)
    compute passing = sum(y * w)
    cost c = passing ** 2
    compute h = cell(y) + kept
cost end = sum(h * sequence(y)[0])
