story Chosen
param w = 0.3
param v = 0.3
sample z ~ Categorical(logits=stack([w, 0, 1])) with ScoreFunctionWOR(k=2)
sample y ~ Bernoulli(logits=v) with ScoreFunctionWOR() in z
cost c = y
