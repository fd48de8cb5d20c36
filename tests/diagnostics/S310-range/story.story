story Range
dim K = 4
param w[K, 3] = 0.0
sample z ~ Normal(w, 1)
compute a = z[4, 0]
compute b = z[-5]
compute d = z[..., 3]
compute e = z[K - 5]
compute f = z[2:7]
compute g = z[3:3]
compute h = z[-9:]
cost c = sum(z[3, -3])
