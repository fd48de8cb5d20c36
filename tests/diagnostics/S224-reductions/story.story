story Reductions
plate data
input x[data, 3]
param w[3] = 0.0
compute q = Normal(w, 1)
sample z ~ q
cost a = mse_loss(z, x, reduction="mean")
cost b = kl_div(z, x, reduction="batchmean")
cost c = -log_prob(Normal(z, 1), x, reduction="sum")
cost d = -log_prob(Normal(z, 1), x, reduction="mean")
cost e = entropy(q, reduction=none)
cost f = kl_divergence(q, Normal(0, 1), reduction="nome")
cost g = sum(mse_loss(z, x, reductions="none"))
cost h = sum(log_prob(q, z, reducton="none"))
cost i = sum(mse_loss(z, x, reduction="none"))
cost j = sum(entropy(q, reduction="none"))
