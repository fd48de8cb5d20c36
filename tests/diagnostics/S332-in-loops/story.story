story Lacking
plate data
input x[data]
for t in range(3) from m = 0.0:
    sample z ~ Normal(mean(m, over=z), 1)
    compute m = 0.5 * m
    cost c = z * x
for t in range(3) from h = 0.0, g = 0.0:
    for s in range(2) from k = h:
        sample y ~ Normal(logmeanexp(k, over=data), 1)
        compute k = k + mean(y, over=y)
    compute g = mean(1.0, over=data)
    compute h = k + g
cost d = h
