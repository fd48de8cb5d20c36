story Zeros
param w[3] = 0.0
param g = 0.2
sample a ~ ZeroInflated(1.5, Poisson(exp(w)))
sample b ~ ZeroInflated(zeros([2]), Poisson(exp(w)))
sample c ~ ZeroInflated(0.2, Dirichlet(exp(w)))
sample d ~ ZeroInflated(0.2, Categorical(logits=w))
sample e ~ ZeroInflated(0.2, Delta(w))
sample f ~ ZeroInflated(0.2, ZeroInflated(0.1, Normal(w, 1)))
sample h ~ ZeroInflated(Poisson(exp(w)), 0.2)
sample i ~ ZeroInflated(0.2, Poisson(exp(w)), gate_logits=g)
sample j ~ ZeroInflated(Poisson(exp(w)))
sample k ~ ZeroInflated(Poisson(exp(w)), gates=0.2)
sample l ~ MixtureSameFamily(Categorical(logits=w), Delta(w))
sample m ~ MixtureSameFamily(Categorical(logits=w), ZeroInflated(0.2, Normal(w, 1)))
sample n ~ TransformedDistribution(Delta(w), [TanhTransform()])
sample o ~ TransformedDistribution(ZeroInflated(0.2, Normal(w, 1)), [TanhTransform()])
cost z = 0.0
