story Credit
plate data
input x[data]
param w = 0.3
sample z ~ Normal(w * x, 1) with ScoreFunction(n=2)
sample y ~ Normal(mean(z, over=data), 1) with ScoreFunction()
sample pathwise ~ Normal(w, 1)
sample idle ~ Bernoulli(logits=0.3) with ScoreFunction()
sample control ~ Bernoulli(logits=w) with DisARM()
cost a = z
cost b = mean(z, over=z) * y
cost c = z + mean(z, over=data) + control
cost d = pathwise + idle
