story Separated
plate data
input x[data]
param l[20, 10] = 0.0
module decoder: [4] -> []
sample z ~ OneHotCategorical(logits=l * x) with Expect()
sample pair ~ Categorical(logits=l) with Expect()
sample y ~ Bernoulli(logits=l[:4, 0]) with Expect()
cost fit = sum((z @ linspace(0, 1, 10) - x) ** 2)
cost smooth = sum((pair[1:] - pair[:-1]) ** 2)
cost whole = decoder(y) + sum(y)
report marginals = mean(z, over=z)
