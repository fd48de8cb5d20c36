story Ranges
"""Where values lie: known of samples and of what is made of them, not of modules and inputs."""

dim K = 3
plate data

input x[data]: float
input label[data]: int
module scale: [1] -> [1] = nn.Sequential(nn.Linear(1, 1), nn.Softplus())
module free: [] -> [K]
param w = 0.0

sample z ~ Normal(x, 1) with Reparameterization()
sample g ~ Gamma(exp(w), 2) with Reparameterization()
sample b ~ Bernoulli(sigmoid(w)) with ScoreFunction()
sample k ~ Categorical(softmax(free(x))) with ScoreFunction()
sample u ~ Uniform(-1, 1) with Reparameterization()
sample s ~ OneHotCategorical(logits=free(x)) with GumbelSoftmax()

compute d = 1 + z ** 2
compute r = 1 / d
compute p = softmax(free(x))
compute first = p[0]
compute scaled = scale(unsqueeze(x, 0))[0]
compute inner = 1e-6 + exp(w)
compute plane = 1 + (1 - tanh(w) ** 2) * z
compute clean = 1 if label == 0 else label

cost a = r + g + b + first + scaled + plane + inner
cost c = where(u > 0, u, 1) + s[0] + log_prob(Normal(0, 1), z) + k / clean
