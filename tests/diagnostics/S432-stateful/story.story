story Example
param w = 0.4
function reward nondiff stateful: [] -> []
function step nondiff stateful: [] -> []
function noise nondiff stateful: [] -> []
sample z ~ Bernoulli(logits=w) with DisARM()
cost c = -reward(z)
# A loop that depends on the sample is run once more, and the calls beside it would be made again.
sample y ~ Bernoulli(logits=w) with LocalExpectation()
for t in range(3) from h = y, g = w:
    compute g = step(g)
    compute h = h * w + g
    cost d = h
# So is the whole of a statement.
sample v ~ Bernoulli(logits=w) with DisARM()
cost e = v + noise(w)
