story Expressions
dim K = 3
dim D
plate data
input x[data, D]
input k: int
param w[K] = 0.1
param m[K, 3] = 0.1
module net: [D], ([K], [K]) -> [K]
compute p = net(x, [w, -w])
compute a = (w - 1) - (2 - w) - w * (w + 1) / -w
compute b = (-w) ** 2 - -w ** 2 + (2 ** w) ** -1
compute c = m @ w @ m + (m @ m) @ w
compute d = w[0] if w[1] > 0 and not (w[2] < 0 or k == 2) else w[-1]
compute e = (w if k > 1 else a)[0:2] + (w + 1)[..., ::2][:2]
compute f = sum(m, dim=0) + sum(reshape(m, [K * K])) + einsum("ij,j->i", m, w)
compute g = concat([w, stop_gradient(w)], dim=0)[0] + clamp(w[0], min=0)
compute h = D + 1
compute i = 3 if K > 4 else h * w
compute q = Normal(p, 1)
sample z ~ q
compute l = log_prob(q, z) + kl_divergence(q, Normal(0, full([K], 1.0))) + sum(q.mean) + entropy(q)
cost total = l + d + e[0] + f[0] + g + i[0] + b[0] + c[0] + mean(sum(z), over=[z, data])
