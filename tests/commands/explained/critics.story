story Critics

plate data
input start[data]
param v = 0.3
module critic: [], [], []: int -> []

for t in range(4) from y = 0, h = start:
    sample y ~ Bernoulli(logits=v * h + 0.5 * y) with RELAX(n=2, c_phi=critic(y, h, t))
    compute h = 0.6 * h + y
    cost c = (h - v) ** 2
    stop when h > 2
