story S
param m = 0.5
sample z ~ Normal(m, 1) with ScoreFunction()
sample y ~ Normal(without_credit(m * z), 1) with ScoreFunction()
compute k = without_credit(m * y)
cost c = z ** 2 + k - 2 * without_credit(z)
cost d = y ** 2
