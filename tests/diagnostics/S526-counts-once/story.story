story CountsOnce
plate data
plate sites sum
input x[data, sites]
param w = 0.1
compute q = Normal(w, 1)
sample z ~ q each data, sites
sample e ~ Normal(0, 1) each sites
cost fit = (z + e - x) ** 2
compute divergence = 0.5 * kl_divergence(q, Normal(0, 1))
cost kl = divergence
cost h = -sum(clamp(entropy(q, reduction="none"), max=1))
cost with_the_plate = x + kl_divergence(q, Normal(0, 1))
cost reduced = mean(x * entropy(q), over=sites) ** 2
cost of_another = kl_divergence(Normal(2, 1), Normal(0, 1))
