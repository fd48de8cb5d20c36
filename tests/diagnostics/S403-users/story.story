story Users
param m = 0.3
module critic: [] -> []
distribution noise: [] -> []
distribution known reparameterized: [] -> []
sample a ~ noise(m) with LAX(c_phi=critic)
cost b = a ** 2
sample c ~ known(m) with LAX(n=3, c_phi=critic)
cost d = c ** 2
