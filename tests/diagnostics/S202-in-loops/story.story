story Again
param m = 0.0
for t in range(3) from h = m:
    sample z ~ Normal(h, 1)
    compute h = z
    cost c = z
sample z ~ Normal(h, 1)  # its plate is open already
for t in range(3):
    for t in range(2):
        cost d = z
    compute m = 1.0
