story Stateful
function f stateful: [] -> []
param t = 0.3
sample s ~ Normal(t, 1) with ScoreFunction(n=2)
compute m = mean(f(s), over=s)
sample w ~ Normal(t, 1) using ImportanceSampling(proposal=Normal(0, 2)) in s
compute v = f(w)
cost d = m
cost e = v
