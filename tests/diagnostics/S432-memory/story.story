story Example
param a = 0.4
param b = 0.3
function remember batched nondiff stateful: [] -> []
function recall batched nondiff stateful: [] -> []
function again batched nondiff stateful: [] -> []
function look batched nondiff stateful: [] -> []
# Every step chooses anew.
for t in range(4) from last = 0.0:
    sample x ~ Bernoulli(logits=a + b * last) with UnorderedSetEstimator(k=3)
    compute last = remember(x)
    cost c = last
# So does what joins it behind the loop: one call of `look` there, and none before it, may stand.
sample y ~ Bernoulli(logits=b) with UnorderedSetEstimator() in x
cost d = look(y)
# Nothing stands in a loop here, but `recall` is called again.
sample u ~ Bernoulli(logits=a) with ScoreFunctionWOR(k=2)
compute first = recall(u)
sample v ~ Bernoulli(logits=b * first) with ScoreFunctionWOR() in u
cost e = first * recall(v)
# What a function had in mind before the loop is left behind in it.
sample p ~ Bernoulli(logits=a) with RaoBlackwellSF(k=3)
compute start = again(p)
for t in range(2):
    report shown = again(p + start)
    sample q ~ Bernoulli(logits=a + b * p) with RaoBlackwellSF() in p
    cost f = q * p
