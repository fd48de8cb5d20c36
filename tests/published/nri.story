story NRI
"""Neural relational inference (Kipf et al. 2018): relaxed edge types, messages along them, a Gaussian likelihood."""

dim N = 3
dim E = N * N
dim T = 2
dim F = 2
dim H = 4
plate data

input  x[data, N, F]
input  next[data, N, F]
input  send[E, N]
input  receive[E, N]
module edges: [E, 2 * F] -> [E, 2] = nn.Sequential(nn.Linear(2 * F, H), nn.ELU(), nn.Linear(H, 2))
module message_0: [E, 2 * F] -> [E, H] = nn.Sequential(nn.Linear(2 * F, H), nn.ReLU(), nn.Linear(H, H))
module message_1: [E, 2 * F] -> [E, H] = nn.Sequential(nn.Linear(2 * F, H), nn.ReLU(), nn.Linear(H, H))
module update: [N, F + H] -> [N, F] = nn.Sequential(nn.Linear(F + H, H), nn.ReLU(), nn.Linear(H, F))

compute pairs = concat([send @ x, receive @ x], dim=1)
compute q = OneHotCategorical(logits=edges(pairs))
sample  kinds ~ q with GumbelSoftmax(temperature=0.5)
cost    kl = kl_divergence(q, OneHotCategorical(probs=full([E, 2], 0.5)))
for t in range(T) from at = x:
    compute along = concat([send @ at, receive @ at], dim=1)
    compute messages = kinds[:, 0:1] * message_0(along) + kinds[:, 1:2] * message_1(along)
    compute gathered = transpose(receive, 0, 1) @ messages
    compute at = at + update(concat([at, gathered], dim=1))
cost nll = sum((at - next) ** 2) / (2 * 5e-5)
