story Transforms
plate data
input x[data]
param w[3] = 0.0
param m = 0.2
compute q = Normal(w, 1)
sample a ~ TransformedDistribution(q, [])
sample b ~ TransformedDistribution(q, [TanhTransform])
sample c ~ TransformedDistribution(q, [TanTransform()])
sample d ~ TransformedDistribution(q, [AbsTransform()])
sample e ~ TransformedDistribution(q, x)
sample f ~ TransformedDistribution(q, [tanh(x)])
sample g ~ TransformedDistribution(q, [AffineTransform(0)])
sample h ~ TransformedDistribution(q, [AffineTransform(1, 0)])
sample i ~ TransformedDistribution(q, [AffineTransform(zeros([2]), 1)])
sample j ~ TransformedDistribution(q, [PowerTransform(2)])
sample k ~ TransformedDistribution(Bernoulli(logits=w), [TanhTransform()])
sample l ~ TransformedDistribution(Dirichlet(exp(w)), [ExpTransform()])
sample n ~ TransformedDistribution(q)
sample o ~ TransformedDistribution(q, [TanhTransform(m)])
sample p ~ TransformedDistribution(q, [StickBreakingTransform()])
sample r ~ TransformedDistribution(q, [TanhTransform(), 2])
sample s ~ TanhTransform()
compute t = TransformedDistribution(q, [TanhTransform()])
compute u = entropy(t)
compute v = kl_divergence(t, q)
compute y = t.mean
