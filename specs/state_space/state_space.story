story StateSpace
"""A hidden Markov model of images read row by row, with a posterior that has seen all rows."""

dim T = 8
dim C = 32
plate data

input  x[data, T, 8]
input  beta
param  first[C] = zeros()
param  next[C, C] = normal(0, 0.1)
param  pixels[C, 8] = normal(0, 0.1)
module reader: [T, 8] -> [T * C] = nn.Sequential(nn.Flatten(), nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, T * C))

compute hints = reshape(reader(x), [T, C])
for t in range(T) from z = zeros([C]):
    compute logits = first if t == 0 else z @ next
    compute q = OneHotCategorical(logits=logits + hints[t])
    sample  z ~ q with ScoreFunction(n=10, baseline=batch_average)
    cost    kl = beta * kl_divergence(q, OneHotCategorical(logits=logits))
    cost    reconstruction = sum(binary_cross_entropy_with_logits(z @ pixels, x[t]))
