story Late
param m = 0.0
for t in range(3):
    compute h = g * 2 + m
    compute g = h + 1
    cost c = g
