story Unused
plate data
input x[data]
input y[data]
use my.methods: Mine
module net: [] -> []
function f: [] -> []
param m = 0.0
param n = 0.0
sample z ~ Normal(m, 1)
compute v = z
cost c = z * x
