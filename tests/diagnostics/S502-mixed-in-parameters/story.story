story MixedInParameters
param m = 0.0
sample z ~ Normal(m, 1) with ScoreFunction(n=4, baseline=batch_average)
compute s = mean(z, over=z)
sample y ~ Normal(s, 1) with ScoreFunction(n=2)
sample w ~ Normal(z, 1) with ScoreFunction(baseline=batch_average) in z
cost d = (y - z) ** 2 + logmeanexp(w, over=z)
