story Mixtures
dim K = 3
plate data
input x[data]
param w[K] = 0.0
param m[K, 2] = normal(0, 1)
compute few = Categorical(logits=zeros([2]))
compute t = MixtureSameFamily(Categorical(logits=w), Normal(m[:, 0], 1))
sample a ~ MixtureSameFamily(OneHotCategorical(logits=w), Normal(w, 1))
sample b ~ MixtureSameFamily(Categorical(logits=w), Normal(0, 1))
sample c ~ MixtureSameFamily(Categorical(logits=w), Normal(m, 1))
sample d ~ MixtureSameFamily(few, Normal(w, 1))
sample e ~ MixtureSameFamily(Categorical(logits=m), Normal(zeros([4, 2]), 1))
sample f ~ MixtureSameFamily(Categorical(logits=w), Independent(Normal(w, 1), 1))
sample g ~ Independent(Normal(x, 1), 1)
sample h ~ Independent(Normal(w, 1), x)
sample i ~ MixtureSameFamily(w, Normal(w, 1))
sample j ~ MixtureSameFamily(Categorical(logits=w))
sample k ~ MixtureSameFamily(Categorical(logits=w), t)
sample l ~ MixtureSameFamily(logits=w, component_distribution=Normal(w, 1))
sample n ~ MixtureSameFamilly(Categorical(logits=w), Normal(w, 1))
compute o = entropy(t)
compute p = kl_divergence(t, t)
compute r = log_prob(t, m)
compute s = t.mode
cost z = 0.0
