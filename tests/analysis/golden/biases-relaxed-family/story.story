story S
param m[3] = zeros()
sample z ~ RelaxedOneHotCategoricalStraightThrough(0.5, logits=m) with Reparameterization()
cost c = sum(z ** 2 * tensor([1.0, 2.0, 3.0]))
