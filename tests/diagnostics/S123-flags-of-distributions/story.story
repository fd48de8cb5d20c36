story Example
plate data
input x[data, 2]
distribution policy nondiff: [2] -> [3]
distribution prior reparametrized: -> [3]
module net discrete: [2] -> [3]
distribution other [2] -> [3]
sample y ~ policy(x) with ScoreFunction()
cost c = sum(y)
