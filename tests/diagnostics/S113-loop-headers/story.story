story Headers
param w = 0.4
for t in range(3) with h = 0:
    compute h = h + w
for t in range(3) from h:
    compute h = h + w
for t in range(3) from h = 0 and g = 0:
    compute h = h + g
for t in range(3) from h = 0 from g = 0:
    compute h = h + g
for (t in range(3)):
    compute h = w
for x in w:
    compute h = x
for t in range(1, 3):
    compute h = w
