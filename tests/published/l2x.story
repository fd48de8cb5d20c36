story L2X
"""Learning to explain (Chen et al. 2018): K relaxed choices of features, their maximum as a mask, the black box's answer as target."""

dim D = 8
dim K = 2
dim C = 3
plate data

input  x[data, D]
input  answer[data, C]
module score: [D] -> [D] = nn.Sequential(nn.Linear(D, 8), nn.ReLU(), nn.Linear(8, D))
module explain: [D] -> [C] = nn.Sequential(nn.Linear(D, 8), nn.ReLU(), nn.Linear(8, C))

compute logits = broadcast_to(score(x), [K, D])
sample  chosen ~ OneHotCategorical(logits=logits) with GumbelSoftmax(temperature=0.1)
compute mask = max(chosen, dim=0)
cost    loss = -sum(answer * log_softmax(explain(x * mask)))
