story DDPM
"""Denoising diffusion (Ho et al. 2020): the simple loss, times and noise given."""

dim D = 5
dim T = 10
plate data
input x[data, D]
input alpha_bar[T]
input t[data]: int
input eps[data, D]
module net: [D + 1] -> [D] = nn.Linear(D + 1, D)
compute a = alpha_bar[t]
compute noisy = sqrt(a) * x + sqrt(1 - a) * eps
cost loss = mean((net(concat([noisy, unsqueeze(t / T, 0)])) - eps) ** 2)
