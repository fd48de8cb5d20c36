story CarriedOn
param w = 0.1
sample s ~ Normal(w, 1)
for t in range(3) from h = s, g = w, k = w:
    cost before = h + g
    sample z ~ Normal(h, 1)
    compute g = h
    compute h = z
    cost behind = h
    cost late = g + k
    compute k = k + 1
cost last = k
