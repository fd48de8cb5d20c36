story Still
param m = 0.0
for t in range(3) from h = m, g = 1.0:
    compute g = g * h
    cost c = g
