story Stateful
function f stateful: [] -> []
param w = 0.1
for t in range(3):
    compute a = f(w)
    cost c = a
    for s in range(2):
        sample y ~ Normal(w, 1) with ScoreFunction()
        compute v = f(y)
        cost d = v
