story DMM
"""Deep Markov model (Krishnan et al. 2017), as in Pyro's examples: gated transitions, a backward RNN and a combiner."""

dim T = 3
dim N = 5
dim Z = 2
dim H = 6
plate data

input  x[data, T, N]
input  mask[data, T]
input  annealing
param  z_0[Z] = zeros()
param  z_q_0[Z] = zeros()
module read: [T, N] -> [T, H]
module emit: [Z] -> [N] = nn.Sequential(nn.Linear(Z, H), nn.ReLU(), nn.Linear(H, N), nn.Sigmoid())
module gate: [Z] -> [Z] = nn.Sequential(nn.Linear(Z, H), nn.ReLU(), nn.Linear(H, Z), nn.Sigmoid())
module proposed: [Z] -> [Z] = nn.Sequential(nn.Linear(Z, H), nn.ReLU(), nn.Linear(H, Z))
module kept: [Z] -> [Z] = nn.Linear(Z, Z)
module spread: [Z] -> [Z] = nn.Linear(Z, Z)
module hidden: [Z] -> [H] = nn.Sequential(nn.Linear(Z, H), nn.Tanh())
module loc: [H] -> [Z] = nn.Linear(H, Z)
module scale: [H] -> [Z] = nn.Linear(H, Z)

compute seen = read(x)
for t in range(T) from z = z_0, guide = z_q_0:
    compute g = gate(z)
    compute mean_p = proposed(z)
    compute p = Normal((1 - g) * kept(z) + g * mean_p, softplus(spread(relu(mean_p))))
    compute combined = 0.5 * (hidden(guide) + seen[t])
    compute q = Normal(loc(combined), softplus(scale(combined)))
    sample  z ~ q with Reparameterization()
    compute guide = z
    cost    kl = annealing * mask[t] * (log_prob(q, z) - log_prob(p, z))
    cost    notes = -mask[t] * log_prob(Bernoulli(probs=emit(z)), x[t])
