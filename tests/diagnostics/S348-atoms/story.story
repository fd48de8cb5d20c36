story Atoms
param w = 0.2
sample a ~ ZeroInflated(0.2, LogNormal(w, 1)) with ScoreFunction() using ImportanceSampling(n=2, proposal=LogNormal(0, 2))
cost c = a
sample b ~ LogNormal(w, 1) with ScoreFunction() using ImportanceSampling(n=2, proposal=ZeroInflated(0.2, LogNormal(0, 2)))
cost d = b
sample e ~ Normal(w, 1) with ScoreFunction() using ImportanceSampling(n=2, proposal=Delta(0))
cost f = e
sample g ~ ZeroInflated(0.2, LogNormal(w, 1)) with ScoreFunction() using ImportanceSampling(n=2, proposal=ZeroInflated(0.5, LogNormal(0, 2)))
cost h = g
