story Motion
plate data
input x[data]
module net: [] -> []
function judge nondiff: [] -> []
param w = 0.5

sample scored ~ Normal(w, 1) with ScoreFunction(n=2)
sample moved ~ Normal(w, 1) with Reparameterization()
sample noise ~ Normal(0, 1) with Reparameterization()
sample b ~ Bernoulli(logits=w * scored) with Expect()
compute lattice = round(scored) * w
compute kept = relu(w + scored)
compute held = stop_gradient(w) * scored
compute told = net(scored) + judge(w)
compute given = x * noise
compute reduced = mean(b, over=b)
cost c = lattice + kept + held + told + given + reduced + moved
