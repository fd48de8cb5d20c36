story Example
param m = 0.5
sample z ~ Normal(m, 1) with ScoreFunction()
compute kept = without_credit(m * z)
cost c = z ** 2 + without_credit(m * z)
cost d = kept * z
