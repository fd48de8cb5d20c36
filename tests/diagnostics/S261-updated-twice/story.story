story Twice
param m = 0.0
for t in range(3) from h = m, g = m:
    compute h = h * 2
    sample h ~ Normal(h, 1)
    for s in range(2):
        compute g = g + 1
    compute g = g * 2
    cost c = g * h
for u in range(3) from e = m:
    for v in range(2):
        compute e = e + 1
cost d = e
