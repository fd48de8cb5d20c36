# Values that are summed and values that are sampled; a memory that knows its datum.
story Summed
plate data
input x[data, 3]
input who[data]: int
module encoder: [3] -> [4] = nn.Linear(3, 4)
param w[4] = tensor([0.3, -0.2, 0.5, 0.1])
sample y ~ Categorical(logits=encoder(x)) with ScoreFunction(baseline=moving_average) using SumAndSample(sum_size=2)
sample z ~ Bernoulli(logits=w * w[y]) with MAPO(buffer_size=3, key=who)
cost c = (sum(z * w) - mean(x)) ** 2
