story Nested
function f stateful: [] -> []
param w = 0.1
sample z ~ Normal(w, 1) with ScoreFunction(n=2)
for t in range(3) from h = z:
    compute a = f(h)
    for s in range(2) from g = h:
        sample y ~ Normal(g, 1) with ScoreFunction() in z
        compute g = y + a
    compute h = g
cost c = mean(h, over=z) + f(w)
