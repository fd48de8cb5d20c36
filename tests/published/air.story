story AIR
"""Attend, infer, repeat (Eslami et al. 2016), as in Pyro's examples: a step looks at one object, the last at none."""

dim D = 16
dim W = 4
dim L = 3
dim H = 8
plate data

input  x[data, D]
module rnn: [D + L + 4], ([H], [H]) -> ([H], [H]) = nn.LSTMCell(D + L + 4, H)
module predict: [H] -> [7] = nn.Sequential(nn.Linear(H, 8), nn.ReLU(), nn.Linear(8, 7))
module encode: [W] -> [2 * L] = nn.Linear(W, 2 * L)
module decode: [L] -> [W] = nn.Sequential(nn.Linear(L, W), nn.Sigmoid())
module guess: [D + L + 4] -> [1] = nn.Linear(D + L + 4, 1)
function attend batched: [3], [D] -> [W]
function place batched: [3], [W] -> [D]

for t in range(3) from state_h = zeros([H]), state_c = zeros([H]), z_pres = 1, z_where = zeros([3]), z_what = zeros([L]), canvas = zeros([D]):
    compute seen = concat([x, z_where, z_what, unsqueeze(z_pres, 0)])
    compute state_h, state_c = rnn(seen, [state_h, state_c])
    compute found = predict(state_h)
    compute there = Bernoulli(probs=sigmoid(found[0]))
    sample  z_pres ~ there with ScoreFunction(baseline=guess(stop_gradient(seen))[0])
    cost    kl_pres = kl_divergence(there, Bernoulli(0.1))
    compute where_q = Normal(found[1:4], softplus(found[4:7]))
    sample  z_where ~ where_q with Reparameterization()
    cost    kl_where = z_pres * kl_divergence(where_q, Normal(tensor([3.0, 0.0, 0.0]), tensor([0.1, 1.0, 1.0])))
    compute h = encode(attend(z_where, x))
    compute what_q = Normal(h[:L], softplus(h[L:]))
    sample  z_what ~ what_q with Reparameterization()
    cost    kl_what = z_pres * kl_divergence(what_q, Normal(0, 1))
    compute canvas = canvas + z_pres * place(z_where, decode(z_what))
    stop when z_pres == 0
cost pixels = -log_prob(Normal(canvas, 0.3), x)
