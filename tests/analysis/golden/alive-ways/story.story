story Reaching
param w = 0.5
param v = 0.2
sample z ~ Normal(w, 1) with ScoreFunction(baseline=2 * v)
compute shown = 2 * z
compute angle = atan2(z, w)
compute above = z > w
sample y ~ Normal(v * z, 1)
report r = shown
cost c = cos(continuous(angle)) + where(stop_gradient(above), z, 2 * w - z) + (1 if y > 0 else 0)
