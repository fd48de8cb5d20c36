story Stopping
module cell: [], [] -> [], []
param w = 0.1
for t in range(3) from h = w:
    sample z ~ Normal(h, 1)
    compute h, g = cell(z, w)
    for s in range(2) from k = g:
        compute k = k + s
    cost c = k
    report r = g + k
    stop when h > 1
cost d = sequence(g)[0]
