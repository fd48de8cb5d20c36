story Outside
param m = 0.0
sample a ~ Normal(m, 1) with ScoreFunction() n=5
sample b ~ Normal(m, 1) with ScoreFunction(), n = 5
sample c ~ Normal(m, 1) with ScoreFunction() using MonteCarlo() n=5
cost d = a + b + c
