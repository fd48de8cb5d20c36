story TrainedByNobody
plate data
input x[data, 3]
module trunk: [3] -> [4]
module value: [4] -> []
module actor: [4] -> [2]
compute h = trunk(x)
sample a ~ Categorical(logits=actor(stop_gradient(h))) with ScoreFunction(baseline=value(h))
sample b ~ Categorical(logits=actor(stop_gradient(h))) with ScoreFunction(baseline=value(stop_gradient(h)))
cost c = (a - b) ** 2
