story Critics
dim C = 3
param l[2, C] = 0.0
module scalar: [] -> []
module wide: [2, C] -> [2]
module right: [2, C] -> []
module whole: [2] -> []
sample a ~ Categorical(logits=l) with RELAX(c_phi=scalar)
sample b ~ OneHotCategorical(logits=l) with RELAX(c_phi=wide, n=2)
sample c ~ Categorical(logits=l) with RELAX(c_phi=right)
sample d ~ Normal(sum(l, dim=1), 1) with LAX(c_phi=right)
sample e ~ Normal(sum(l, dim=1), 1) with LAX(c_phi=whole)
cost f = sum(a + c) + sum(b) + sum(d + e)
