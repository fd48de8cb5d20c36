story WrittenCopies
plate data
dim K = 3
input x[data, K]
input k[data]: int
input ks[data, K]: int
param m[K, 2] = 0.0
sample z ~ Categorical(logits=x) with ScoreFunction()
sample b ~ Bernoulli(logits=m) with ScoreFunction()
compute a = scatter(x, 0, b[0, 0], 1)
compute c = scatter(x, 1, k, 1)
compute d = scatter(x, 0, 3, 1)
compute e = scatter(x, 0, -1, 1)
compute f = scatter(x, 0, k, x)
compute g = scatter(m, 0, ks, 1)
compute h = scatter(x, k, 0, 1)
compute i = index_put(m, [k, 0, 0], 1)
compute j = index_put(m, [k, 2], 1)
compute l = index_put(m, [], 1)
compute n = index_put(m, x, 1)
compute o = index_put(m, [k, ks], x)
compute p = index_put(m, k, x)
compute q = index_put(m, k, 0, 1)
compute r = index_put(m, [k, b[0, 0]], 1)
compute s = index_put(m, [z + 1, 0], 1)
compute t = scatter(x, 0, z - 1, 1)
compute u = scatter(x, 0, z, 1)
compute w = index_put(m, [z, -1], b[0])
cost l2 = sum(x)
