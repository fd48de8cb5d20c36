story Flags
plate data
input x[data, 3]
frozen module teacher: [3] -> [3]
module ref: frozen [3] -> [3]
module old: [3] -> [3] frozen
module held fixed: [3] -> [3]
distribution policy discrete, frozen: [3] -> [2]
distribution prior: discrete [3] -> [2]
distribution other: [3] -> [2] = nn.Linear(3, 2)
function reward: nondiff [3] -> []
sample y ~ policy(x) with ScoreFunction()
cost c = sum(y)
