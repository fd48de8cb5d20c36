story Ends
param w[2] = 0.0
param a = 0.3
sample z ~ MixtureSameFamily(Categorical(logits=w), Uniform(a, tensor([1.0, 2.0]))) with ScoreFunction()
cost c = z ** 2
