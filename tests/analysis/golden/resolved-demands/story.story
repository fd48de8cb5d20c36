story Demands
function f nondiff: [] -> []
param w = 0.3
sample above ~ Normal(w, 1)
sample scored ~ Normal(above, 1) with ScoreFunction()
sample moved ~ Normal(w, 1)
sample pathwise ~ Normal(moved, 1) with Reparameterization()
sample cut ~ Normal(w, 1)
compute a = scored > 0
cost c = f(scored) + (1 if a else 2)
cost d = pathwise // 1
cost e = stop_gradient(cut)
