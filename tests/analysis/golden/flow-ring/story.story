story Ring
param w = 0.1
for t in range(3) from a = w, b = 0.0, c = 0.0:
    compute a = b
    compute b = c
    compute c = a
cost d = a
