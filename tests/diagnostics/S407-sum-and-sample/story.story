story SumInAPlate
param m = 0.0
sample z ~ Normal(m, 1) with ScoreFunction(n=3)
sample y ~ Bernoulli(logits=z) with SumAndSample(sum_size=1) in z
sample x ~ Bernoulli(logits=z) with ScoreFunction() using SumAndSample(sum_size=1) in z
sample w ~ Bernoulli(logits=z) with ScoreFunction() using BeamSearch() in z
cost c = z + y + x + w
