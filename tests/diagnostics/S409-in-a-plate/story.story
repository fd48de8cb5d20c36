story Alone
input u
sample a ~ Bernoulli(logits=u) with ScoreFunction()
sample z ~ Bernoulli(logits=u + a) with DoubleCV() in a
cost c = (z + 2 * a - u) ** 2
