story Points
param w = 0.2
sample a ~ Delta(w) with ScoreFunction()
cost c = a ** 2
sample b ~ Delta(w) with Expect()
cost d = b ** 2
sample e ~ Delta(w) with ScoreFunction() using ImportanceSampling(n=2, proposal=Normal(0, 1))
cost f = e ** 2
sample g ~ Delta(w)
cost h = g ** 2
sample i ~ Delta(w)
cost j = round(i)
