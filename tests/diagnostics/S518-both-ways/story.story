story Example
param m = 0.5
sample z ~ Normal(m, 1) with ScoreFunction()
sample y ~ Normal(m, 1) with ScoreFunction()
compute kept = without_credit(m * z)
cost c = z ** 2 + without_credit(m * z)
cost d = kept * z
cost f = y + 2 * exp(kept - z)
cost g = without_credit(m * y) * z + kept * y - kept
