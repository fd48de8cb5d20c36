story Told
plate data
plate sites
input x[data, sites]
input u[data]
module critic: [], [] -> []
module vector: [2], [] -> []
sample a ~ Normal(u, 1) with LAX(c_phi=critic(a, x))
sample b ~ Normal(u, 1) with LAX(c_phi=critic(b, mean(x, over=sites)))
sample c ~ Categorical(logits=stack([u, u])) with RELAX(c_phi=critic(c, u))
sample d ~ Categorical(logits=stack([u, u])) with RELAX(c_phi=vector(d, u))
sample e ~ Normal(u, 1) with LAX(c_phi=critic)
cost f = a + b + c + d + e
