story S
plate data sum
input x[data]
param m = 0.5
sample z ~ Normal(m * x, 1) with ScoreFunction()
sample y ~ Normal(m, 1) with ScoreFunction()
compute k = z ** 2 - without_credit(z * m)
cost c = 2 * (k + without_credit(y * m)) + y * without_credit(z)
cost d = y * m + k
report kept = c
