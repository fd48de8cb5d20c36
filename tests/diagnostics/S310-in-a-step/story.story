story InAStep
dim T
plate data
input x[data, T]
input k[4]
param w = 0.4
for t in range(T) from h = 0:
    compute before = x[t - 1] if t > 0 else w
    compute free = x[t - 1] if t > 0 else 0
    compute h = h * w + x[t - 1] + before + free
    cost c = h * x[t]
for s in range(T - 1):
    cost e = w * x[s + 1] + x[s + 2]
for i in range(5):
    for j in range(3):
        cost f = w * k[i] * k[1 + j] * k[j - 1]
for r in range(T + 1) from g = w:
    compute g = g * x[r]
    cost d = g
    stop when g > 1
