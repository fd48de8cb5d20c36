story Divergence
param w[3] = 0.0
compute q = Normal(w, 1)
sample z ~ q
cost c = kl_divergence(q, StudentT(3))
cost d = kl_divergence(q, Normal(zeros([4]), 1))
cost e = kl_divergence(OneHotCategorical(logits=w), OneHotCategorical(logits=zeros([4])))
cost f = sum(z)
