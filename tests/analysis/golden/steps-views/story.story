story Steps
param w = 0.3
for t in range(3) from h = w, g = w:
    sample z ~ Normal(h, 1)
    cost same = z
    cost earlier = h + g
    cost both = z + h
    compute g = g + z
    compute h = w + z
cost behind = h
for s in range(2):
    cost other = g
