story Jumps
input x
param th = 0.3
param u = 0.1
sample z ~ Normal(0, 1) with ScoreFunction()
sample b ~ Bernoulli(logits=th) with Expect()
cost below = 1 if z < th else 0
cost rounded = round(z + th)
cost told = continuous(round(z + th))
cost ramp = z - th if z > th else 0
cost data = 1 if z < x else 0
cost lattice = 1 if b < u else 0
cost weighed = 1 if mean(b, over=b) > z else 0
cost touched = (1 if z + th == 0 else 0) + (1 if relu(z + th) == 0 else 0)
