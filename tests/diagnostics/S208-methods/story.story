story Methods
use my.methods: LeaveOneOut
param m = 0.0
sample z ~ Normal(m, 1) with Reparametrization()
sample y ~ Normal(m, 1) with LeaveOnOut()
sample w ~ Normal(m, 1) with REINFORCE()
sample v ~ Normal(m, 1) with ScoreFunction() using MontCarlo(n=3)
cost c = z + y + w + v
