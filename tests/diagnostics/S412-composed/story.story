story Ends
param w[2] = 0.0
param a = 0.3
sample z ~ MixtureSameFamily(Categorical(logits=w), Uniform(a, tensor([1.0, 2.0]))) with ScoreFunction()
cost c = z ** 2
sample y ~ TransformedDistribution(Exponential(1), [AffineTransform(a, 1)]) with ScoreFunction()
cost d = y
sample x ~ TransformedDistribution(Normal(0, 1), [TanhTransform(), AffineTransform(a, 1)]) with ScoreFunction()
cost e = x
sample v ~ TransformedDistribution(Normal(0, 1), [AffineTransform(a, a)]) with ScoreFunction()
cost f = v
sample u ~ TransformedDistribution(Laplace(0, 1), [SigmoidTransform(), AffineTransform(a, 1)]) with ScoreFunction()
cost g = u
