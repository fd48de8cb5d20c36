story Ways
"""What moves a jump, and what jumps."""

param th = 0.3
param w[3] = zeros()
module net: [] -> []
module gate: [1] -> [1] = nn.Sequential(nn.Linear(1, 1), nn.Threshold(0.1, 20.0))

sample z ~ Normal(0, 1) with ScoreFunction()
sample g ~ Gumbel(zeros(3), 1) with ScoreFunction()
cost rounded = round(z + th) ** 2
cost chosen = argmax(g + w) ** 2
cost asked = 1 if net(z) > 0 else 0
cost gated = gate(unsqueeze(z, 0))[0]

# The gradient of `b` lives in its probability: what stands there must not jump.
sample b ~ Bernoulli(0.2 if z < th else 0.8) with ScoreFunction()
cost paid = b

# Nor may its scale go through 0, where the score has no mean.
sample narrow ~ Normal(0, abs(z - th)) with ScoreFunction()
cost tall = narrow ** 2

# Weights that keep their gradient are values where their plate is reduced.
sample e ~ Bernoulli(logits=th) with Expect()
cost weighed = 1 if mean(e, over=e) > z else 0

# A relaxed value learns and is continuous, whatever it looks like.
sample s ~ OneHotCategorical(logits=w) with GumbelSoftmax(temperature=0.5)
compute picked = continuous(s)
sample y ~ Normal(round(2 * picked[0]), 1) with ScoreFunction()
cost last = y

for t in range(3) from h = th:
    sample step ~ Normal(0, 1)
    compute h = h + step
    stop when h > 1
cost walked = h
