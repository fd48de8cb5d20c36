story Stop
param m = 0.0
for t in range(2) from g = m:
    for u in range(2) from f = g:
        compute f = f * 0.5
    compute g = f
    stop when g > 1
cost last = g
