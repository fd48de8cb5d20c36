story Before
dim L = K + 1
dim K = 2
param m = 0.0
sample z ~ Normal(later, 1) with ScoreFunction(baseline=later)
compute later = m + z
compute self_made = self_made + 1
sample y ~ Normal(m, 1) in w
sample w ~ Normal(m, 1)
cost c = mean(w, over=last) + z + y
sample last ~ Normal(m, 1)
