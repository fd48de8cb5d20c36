story MixedPlate
param m = 0.0
sample z ~ Normal(m, 1) with ScoreFunction(n=4, baseline=batch_average)
compute v = mean(z ** 2, over=z)
cost c = v ** 2
cost d = -logmeanexp(z, over=z)
report r = mean(z, over=z)
