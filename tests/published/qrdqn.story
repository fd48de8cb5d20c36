story QRDQN
"""Quantile regression of returns (Dabney et al. 2018): the quantile Huber loss of data."""

dim N = 5
plate data
input s[data, 4]
input target[data, N]
module net: [4] -> [N] = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, N))
compute tau = (arange(N) + 0.5) / N
compute u = unsqueeze(target, 0) - unsqueeze(net(s), 1)
compute huber = where(abs(u) <= 1, 0.5 * u ** 2, abs(u) - 0.5)
cost loss = sum(mean(abs(unsqueeze(tau, 1) - (u < 0)) * huber, dim=1))
