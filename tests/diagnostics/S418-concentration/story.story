story Concentration
param a = 1.0
sample z ~ Gamma(exp(a), exp(a)) with MeasureValued(n=4)
sample y ~ Gamma(2, exp(a)) with MeasureValued(n=4)
cost c = z ** 2 + y
