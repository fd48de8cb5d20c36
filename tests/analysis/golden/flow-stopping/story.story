story Stopping
param w = 0.1
for t in range(3) from h = w:
    sample z ~ Normal(h, 1)
    compute h = h + z
    stop when h > 1
cost c = h
