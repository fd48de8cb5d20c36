story Slopes
param u = 0.4
sample a ~ Bernoulli(logits=u) with REBAR()
compute half = stop_gradient(a) / 2
sample b ~ Bernoulli(logits=u + half) with ScoreFunction()
cost c = (a + b - u) ** 2
sample d ~ Bernoulli(logits=u) with REBAR(n=2)
sample e ~ Bernoulli(logits=u + d) with ZGR()
cost f = (d + e - u) ** 2
# A relaxation has the slope of its own values; what is cut off altogether is not credited.
sample g ~ Bernoulli(logits=u) with REBAR()
sample h ~ Bernoulli(logits=u + g) with GumbelSoftmax()
cost i = (g + h - u) ** 2
cost j = stop_gradient(g) * u
sample k ~ Bernoulli(logits=u) with REBAR()
sample l ~ Bernoulli(logits=u + k) with GumbelSoftmax(straight_through=true)
cost m = (k + l - u) ** 2
