story WrittenCopies
plate data
dim K = 3
input x[data, K]
param m[K, 2] = 0.0
sample z ~ Categorical(logits=x) with ScoreFunction()
compute a = index_put(m, [z + 1, 0], 1)
compute b = index_put(m, [0, z], 1)
compute c = scatter(x, 0, z - 1, 1)
compute d = scatter(x, 0, z, 1)
compute e = index_put(m, [z, 1], 1)
cost l = sum(a) + sum(b) + sum(c) + sum(d) + sum(e)
