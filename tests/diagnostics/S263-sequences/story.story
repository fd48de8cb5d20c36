story Sequences
param m = 0.0
sample z ~ Normal(m, 1)
for t in range(3) from h = m:
    compute q = Normal(h, 1)
    sample h ~ q
    compute so_far = sequence(h)
    for s in range(2) from k = h:
        compute k = k * 2
    cost c = h * k
cost outside = sum(sequence(z))
cost of_value = sum(sequence(h * 2))
cost inner = sum(sequence(k))
cost of_distribution = sequence(q)
cost unknown = sum(sequence(nothing))
cost named = sum(sequence(h, dim=0))
