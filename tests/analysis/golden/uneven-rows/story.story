story Uneven
param th = 0.3
module net: [] -> []
module act: [1] -> [1] = nn.Sequential(nn.Linear(1, 1), nn.ReLU())
sample z ~ Normal(0, 1)
sample g ~ Gamma(1, 1)
compute poles = 1 / z + log(g) + z / (abs(z) + 1e-8) + z / (1 + z ** 2)
compute unsure = 1 / net(z) + 1 / th
compute angles = atan2(z, -1) + atan2(z, 1)
compute ends = log_prob(HalfNormal(1), z) + log_prob(HalfNormal(1), g)
compute bent = relu(z) + relu(g) + elu(z) + log_prob(Laplace(th, 1), z)
cost c = poles + unsure + angles + ends + bent + act(stack([z]))[0]
