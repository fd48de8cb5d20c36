story Obstacles
param w = 0.3
for t in range(3):
    sample joins ~ Bernoulli(logits=w) with Expect()
    cost a = mean(joins, over=joins)
for s in range(3) from z = 0.0, h = 0.0:
    sample z ~ Bernoulli(logits=w + h) with Expect()
    compute h = h * z + z
    cost b = h ** 2
for r in range(3):
    sample stops ~ Bernoulli(logits=w) with Expect()
    cost c = stops
    stop when stops == 1
for q in range(2):
    for p in range(2):
        sample inner ~ Bernoulli(logits=w) with Expect()
        cost d = inner
for o in range(2):
    sample above ~ Bernoulli(logits=w) with Expect()
    sample below ~ Normal(above, 1)
    cost e = below
for n in range(2):
    sample cut ~ Bernoulli(logits=w) with Expect()
    cost f = cut + stop_gradient(cut)
