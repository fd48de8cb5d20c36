story Changes
param m[2] = zeros()
for t in range(3) from h = m, g = 0, k = true, q = 1.0:
    compute h = concat([h, h])
    compute g = g + 0.5
    compute k = g
    compute q = Normal(g, 1)
    cost c = g
