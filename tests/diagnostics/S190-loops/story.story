story Loops
param m = 0.0
input x[3]
for t in range(2) from h = m:
    sample h ~ Normal(h, unknown)  # nothing in the body is looked at
    stop when h > 1
compute last = h + sequence(h)
cost c = last[nothing_else]
