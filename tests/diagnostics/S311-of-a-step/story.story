story OfAStep
param w = 0.4
for t in range(3) from h = 0:
    compute g = h[t]
    compute h = g + w
cost c = h
