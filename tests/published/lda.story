story LDA
"""Amortised latent Dirichlet allocation, as in Pyro's examples: word topics summed out."""

dim V = 7
dim K = 3
dim W = 6
plate docs sum

input  words[docs, W]: int
input  counts[docs, V]
param  topic_shape[K] = zeros()
param  word_shape[K, V] = zeros()
module predict: [V] -> [K] = nn.Sequential(nn.Linear(V, 8), nn.Sigmoid(), nn.Linear(8, K), nn.Softmax(dim=-1))

compute q_weights = Gamma(exp(topic_shape), 1)
sample  weights ~ q_weights with Reparameterization()
cost    kl_weights = log_prob(q_weights, weights) - log_prob(Gamma(1 / K, 1), weights)
compute q_words = Dirichlet(exp(word_shape))
sample  topics ~ q_words with Reparameterization()
cost    kl_words = kl_divergence(q_words, Dirichlet(full([K, V], 1 / V)))
compute q_doc = Dirichlet(10 * predict(counts))
sample  mixing ~ q_doc with Reparameterization()
cost    kl_doc = log_prob(q_doc, mixing) - log_prob(Dirichlet(weights), mixing)
cost    likelihood = -sum(log(mixing @ topics)[words])
