story OneHot
dim V = 5
module net: [V] -> [V]
for t in range(3) from y = one_hot(0, V):
    sample y ~ Categorical(logits=net(1.0 * y))
    cost c = 1.0 * y
