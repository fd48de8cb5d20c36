story Example
param m = 0
compute q = Normal(m, 1)
z = q.rsample()
cost c = z
