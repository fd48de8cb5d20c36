story Conditions
param m[2] = zeros()
for t in range(3) from h = m:
    compute h = h * 2
    cost c = sum(h)
    stop when sum(h)
for s in range(3) from g = m:
    compute g = g * 2
    cost d = sum(g)
    stop when g > 1
