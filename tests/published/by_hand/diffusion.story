story Diffusion
"""The simple loss of diffusion (Ho et al. 2020), with a time and noise for each datum."""

dim D = 5
dim T = 10
plate data
input  x[data, D]
input  alpha_bar[T]
module net: [D + 1] -> [D] = nn.Linear(D + 1, D)

sample  t ~ Categorical(probs=full([T], 1 / T)) each data
sample  eps ~ Normal(zeros([D]), 1) in t
compute a = alpha_bar[t]
compute noisy = sqrt(a) * x + sqrt(1 - a) * eps
cost    loss = sum((net(concat([noisy, unsqueeze(t / T, 0)])) - eps) ** 2)
