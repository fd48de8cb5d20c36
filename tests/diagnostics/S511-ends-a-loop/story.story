story Example
param m = 0.0
for t in range(3):
    sample z ~ Bernoulli(logits=m)
    cost c = stop_gradient(z) ** 2
    stop when z > 0.5
