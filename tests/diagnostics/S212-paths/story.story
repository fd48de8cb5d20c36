story Paths
function f: [] -> [] = reward
function g: [] -> [] = package.class.reward
use import.methods: Mine
param m = 0.0
sample z ~ Normal(m, 1) with Mine()
cost c = f(z) + g(z)
