story InALoop
dim V = 3
param m[V] = zeros()
for t in range(3) from h = m:
    sample z ~ Categorical(logits=h) with DisARM()
    compute h = h * z
    cost c = sum(h)
