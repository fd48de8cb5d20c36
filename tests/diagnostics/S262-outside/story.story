story Outside
param m = 0.0
for t in range(3) from h = m:
    compute g = h * t
    compute q = Normal(g, 1)
    sample h ~ q
    cost each = h
cost last = g + h
cost steps = t
compute again = q.mean
cost more = each
