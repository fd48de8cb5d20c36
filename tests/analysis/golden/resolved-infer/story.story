story Inferred
plate data
input x[data]
param w = 0.3
sample smooth ~ Normal(w, 1)
sample broken ~ Normal(w, 1)
sample kinked ~ Normal(w, 1)
sample discrete ~ Bernoulli(logits=w * x)
sample many ~ Normal(w, 1) using Antithetic(n=2)
sample fixed ~ Bernoulli(logits=w) with ScoreFunction(n=4, baseline=batch_average)
sample listed ~ Bernoulli(logits=w) using Enumerate()
sample unused ~ Normal(w, 1)
compute r = round(broken) + smooth
cost c = r * discrete + abs(kinked) + many
cost d = fixed + listed
