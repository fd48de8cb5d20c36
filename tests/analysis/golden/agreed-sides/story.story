story Agreed
"""Those whose sides agree are listed: a ramp, pinball, Huber, by names; a step is not."""

param q = 0.3
sample z ~ Normal(0, 1)
compute d = z - q
compute above = d > 0
cost ramp = z - q if z > q else 0
cost pinball = 0.7 * d if above else -0.3 * d
cost huber = 0.5 * d ** 2 if abs(d) < 1 else abs(d) - 0.5
cost parabola = (d ** 2 if d ** 2 < q else q)
cost step = 1 if z > q else 0
cost scaled = 2 * z if 3 * z + 1 > q else z
