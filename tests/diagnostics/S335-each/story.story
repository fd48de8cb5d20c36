story Each
plate data
input x[data, 3]
param each = 0.1
dim K = 3
sample z ~ Normal(each, 1) with ScoreFunction(n=2)
sample y ~ Normal(each, 1) each z
sample a ~ Normal(each, 1) in z
sample b ~ Normal(each, 1) each data, a
sample c ~ Normal(each, 1) each c
sample d ~ Normal(each, 1) each dta
sample e ~ Normal(each, 1) each K
sample f ~ Normal(each, 1) each x
sample g ~ Normal(each, 1) each data, data
sample h ~ Normal(each, 1) in data
cost l = (sum(x) + z + y + a + b + c + d + e + f + g + h) ** 2
