story InitialValues
param a[4] = gaussian(0, 1)
param b[4] = xavier_uniform()
param d[4] = tensor([1, 2])
param e[2, 2] = tensor([[1, 2], [3]])
param f = tensor(a)
param g = a
param h = true
param i[4] = normal(0, -1)
param j[4] = uniform(1, 0)
param k[4] = norml(0, 1)
sample z ~ Normal(0, 1)
cost c = z
