story Critics
param u = 0.1
module critic: [], [] -> []
function reward: [], [] -> []
sample a ~ Normal(u, 1) with LAX(c_phi=reward(a, u))
sample b ~ Normal(u, 1) with LAX(c_phi=critic(b, u) + 1)
sample c ~ Normal(u, 1) with LAX(c_phi=exp(c))
sample d ~ Normal(u, 1) with LAX(c_phi=critc(d, u))
sample e ~ Normal(u, 1) with LAX(c_phi=critic(e))
sample f ~ Normal(u, 1) with LAX(c_phi=critic(f, u, u))
sample g ~ Normal(u, 1) with LAX(c_phi=critic(value=g, u=u))
sample h ~ Normal(u, 1) with LAX(c_phi=critic(h, stack([u, u])))
sample i ~ Normal(u, 1) with LAX(c_phi=critic(i, j))
sample j ~ Normal(u, 1) with LAX(c_phi=0.5)
sample k ~ Normal(u, 1) with ScoreFunction(baseline=critic(k, u))
cost l = a + b + c + d + e + f + g + h + i + j + k
