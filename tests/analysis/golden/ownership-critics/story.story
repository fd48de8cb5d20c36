story Critics
plate data
input x[data, 3]
param slope = 1.0
module trunk: [3] -> [4]
module shared: [3] -> [4]
module cell: [4], [4] -> [4]
module value: [4] -> []
module pair: [4] -> [4], []
module actor: [4] -> [2]
module critic: [2] -> []
function reward: [2] -> []
compute s = shared(x)
compute h = trunk(x) + s
compute left, right = pair(s)
for t in range(3) from k = h:
    compute k = cell(h, k)
    sample a ~ Categorical(logits=actor(s)) with ScoreFunction(baseline=value(k) * slope + right)
    cost c = (a - 1) ** 2
    report shown = k
sample b ~ OneHotCategorical(logits=left[0:2]) with RELAX(c_phi=critic)
cost d = reward(b)
