story Shadows
param m = 0.0
module softmax: [] -> []
function log_prob: [] -> []
module Normal: [] -> []
use my.methods: ScoreFunction
sample z ~ Normal(m, 1)
compute mean = softmax(z)  # values may
cost c = log_prob(mean)
