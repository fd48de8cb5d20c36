story NVIL
"""Neural variational inference (Mnih and Gregor 2014): a sigmoid belief net, an input-dependent baseline for each layer."""

dim D = 6
dim H = 4
dim G = 3
plate data

input  x[data, D]
param  prior[G] = zeros()
module up: [D] -> [H] = nn.Linear(D, H)
module top: [H] -> [G] = nn.Linear(H, G)
module down: [G] -> [H] = nn.Linear(G, H)
module pixels: [H] -> [D] = nn.Linear(H, D)
module guess: [D] -> [1] = nn.Sequential(nn.Linear(D, 8), nn.Tanh(), nn.Linear(8, 1))
module guess_top: [H] -> [1] = nn.Sequential(nn.Linear(H, 8), nn.Tanh(), nn.Linear(8, 1))

compute q = Bernoulli(logits=up(x))
sample  h ~ q with ScoreFunction(baseline=guess(x)[0])
compute r = Bernoulli(logits=top(h))
sample  g ~ r with ScoreFunction(baseline=guess_top(h)[0])
cost    kl_g = log_prob(r, g) - log_prob(Bernoulli(logits=prior), g)
cost    kl_h = log_prob(q, h) - log_prob(Bernoulli(logits=down(g)), h)
observe image = x ~ Bernoulli(logits=pixels(h))
