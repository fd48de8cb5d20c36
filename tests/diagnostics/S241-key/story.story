story Keys
plate data
input x[data]
input pair[data, 2]: int
param v = 0.3
sample z ~ Bernoulli(logits=v * x) with MAPO(buffer_size=5, key=x)
sample y ~ Bernoulli(logits=v * x) with MAPO(buffer_size=5, key=pair)
sample w ~ Bernoulli(logits=v * x) with MAPO(buffer_size=5, key=3)
cost c = z - x + y + w
