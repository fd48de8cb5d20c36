story CriticOfTheModel
param w = 0.2
module critic: [] -> []
module other: [] -> []
sample z ~ Bernoulli(logits=w) with RELAX(c_phi=critic)
sample y ~ Bernoulli(logits=w) with RELAX(c_phi=other)
sample a ~ Bernoulli(logits=other(0.5) + w) with RELAX(c_phi=other)
cost c = (z - 0.3) ** 2 * a * y + critic(z)
