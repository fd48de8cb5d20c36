story S
param m = 0.5
param w[2] = zeros()
sample b ~ Bernoulli(logits=w) with Expect()
sample z ~ Normal(m, 1) with Reparameterization()
compute q = Normal(z * m, 1)
compute k = log_prob(q, m)
compute n = sum(b * w)
for t in range(3) from s = z, r = 0.0:
    sample y ~ Normal(m * s, 1) with Reparameterization()
    compute r = r + y * m
    compute s = s + y
cost c = k + s ** 2 + n
cost d = without_credit(k + r + sum(sequence(y)) + n + mean(n ** 2, over=b))
