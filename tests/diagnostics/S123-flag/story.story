story Example
param m = 0.0
function reward pure: [] -> []
sample z ~ Normal(m, 1) with ScoreFunction()
cost loss = -reward(z)
