story Distinct
plate data
input x[data, 4]
module encoder: [4] -> [6]
module decoder: [6] -> [4]
function score batched nondiff: [4], [6] -> []
sample z ~ OneHotCategorical(logits=reshape(encoder(x), [2, 3])) with ScoreFunction() using MonteCarlo(n=16, distinct=true)
compute y = decoder(flatten(z))
cost c = sum((y - x) ** 2)
cost d = score(x, flatten(z)) + sum(decoder(flatten(z) * sum(y)))
