story Narrow
param m = 0.0
sample a ~ Normal(m, 1) using ImportanceSampling(n=3, proposal=Exponential(1))
sample b ~ Categorical(logits=stack([m, 0, 1])) using ImportanceSampling(proposal=Categorical(logits=stack([m, 0])))
sample c ~ Normal(m, 1) using ImportanceSampling(proposal=Gamma(1, 2), covers=cost)
sample d ~ Beta(exp(m), 1) using ImportanceSampling(proposal=Normal(0, 1))
sample e ~ Uniform(0, 1) using ImportanceSampling(proposal=Uniform(0, 0.5))
cost loss = a + b + c + d + e
