story MemoryOfWhom
plate data
plate place
input x[data]
input w[place]
param v = 0.3
sample z ~ Bernoulli(logits=v * x) with MAPO(buffer_size=5)
sample y ~ Bernoulli(logits=v * x * w) with MAPO(buffer_size=5)
sample q ~ Bernoulli(logits=v) with MAPO(buffer_size=5)
cost c = (z - x) ** 2 + y * w * q
