story BayesByBackprop
"""Weight uncertainty (Blundell et al. 2015): a scale mixture as the prior of each weight."""

dim D = 4
dim H = 3
dim C = 3
plate data
input x[data, D]
input y[data]: int
input batches
param mu_1[H, D] = normal(0, 0.3)
param rho_1[H, D] = normal(-1, 0.1)
param mu_2[C, H] = normal(0, 0.3)
param rho_2[C, H] = normal(-1, 0.1)

compute q_1 = Normal(mu_1, softplus(rho_1))
compute q_2 = Normal(mu_2, softplus(rho_2))
sample  w_1 ~ q_1 with Reparameterization(n=2)
sample  w_2 ~ q_2 with Reparameterization() in w_1
compute prior_1 = logaddexp(log(0.25) + log_prob(Normal(0, 1), w_1, reduction="none"), log(0.75) + log_prob(Normal(0, 0.1), w_1, reduction="none"))
compute prior_2 = logaddexp(log(0.25) + log_prob(Normal(0, 1), w_2, reduction="none"), log(0.75) + log_prob(Normal(0, 0.1), w_2, reduction="none"))
cost    complexity = (log_prob(q_1, w_1) + log_prob(q_2, w_2) - sum(prior_1) - sum(prior_2)) / batches
observe y ~ Categorical(logits=w_2 @ relu(w_1 @ x))
