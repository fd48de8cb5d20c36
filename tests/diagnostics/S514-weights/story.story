story Example
dim N = 1000
plate data
input x[data]
input beta
param m = 0.0
compute q = Normal(m * x, 1)
sample z ~ q with ScoreFunction(n=4)
cost nll = N * log_prob(Normal(z, 1), x)
cost kl = -beta * kl_divergence(q, Normal(0, 1))
cost bound = logmeanexp(log_prob(Normal(z, 1), x) - log_prob(q, z), over=z)
cost powers = logmeanexp(2 * (log_prob(Normal(z, 1), x) - log_prob(q, z)), over=z)
