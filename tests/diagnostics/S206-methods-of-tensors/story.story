story Example
param m[4] = zeros()
compute q = Normal(m, 1)
sample z ~ q
compute a, b = m.chunk(2)
cost c = sum(z.detach()) + z.size(0)
