story Leaving
dim K = 3
param w[K] = 0.5
param m[K, 2] = 0.1
sample k ~ Categorical(logits=w)
compute j = k + 1
cost a = w[k - 1] + w[k]
cost b = w[j]
cost c = w[k - 1] if k > 0 else 0.0
cost d = w[-1 - k] + w[2 - k]
cost e = sum(embedding(k + 1, m)) + sum(one_hot(k, 3)) + sum(one_hot(k, 2))
cost f = w[clamp(k - 1, 0, 2)]
cost g = w[j] if k < 2 else 0.0
cost h = w[clamp(j, 0, 2)] if k < 2 else 0.0
cost i = w[k - 10] if k > 0 else 0.0
