story Mixtures
param w[2] = 0.0
param m[2, 3] = 0.0
sample a ~ MixtureSameFamily(Categorical(logits=w), StudentT(4, w, 1)) with Reparameterization()
cost c = a
sample b ~ MixtureSameFamily(Categorical(logits=w), MultivariateNormal(m, eye(3))) with Reparameterization()
cost d = sum(b)
sample e ~ ZeroInflated(0.2, Normal(0, 1)) with Reparameterization()
cost f = e
sample g ~ TransformedDistribution(MixtureSameFamily(Categorical(logits=w), Normal(w, 1)), [TanhTransform()]) with Reparameterization()
cost h = g
