story Using
param l[3] = 0.0
compute q = OneHotCategorical(logits=l)
sample a ~ q with Expect() using MonteCarlo(n=3)
sample b ~ q with GumbelSoftmax() using ImportanceSampling(n=3, proposal=q)
cost c = a[0] + b[1]
