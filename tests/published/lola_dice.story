story LolaDice
"""LOLA-DiCE (Foerster et al. 2018) on the iterated prisoner's dilemma: one agent's return, differentiable twice in both policies."""

dim T = 5
plate games

input  mine
input  theirs
input  gamma
input  start[games]: int
input  mirror[5]: int
param  theta_1[5] = normal(0, 0.1)
param  theta_2[5] = normal(0, 0.1)

for t in range(T) from state = start:
    sample  a_1 ~ Categorical(logits=stack([0.0, theta_1[state]])) with ScoreFunction(baseline=moving_average)
    sample  a_2 ~ Categorical(logits=stack([0.0, theta_2[mirror[state]]])) with ScoreFunction(baseline=moving_average)
    compute state = 1 + 2 * a_1 + a_2
    cost    return_1 = -mine * gamma ** t * (-1 - 2 * a_2 + a_1)
    cost    return_2 = -theirs * gamma ** t * (-1 - 2 * a_1 + a_2)
