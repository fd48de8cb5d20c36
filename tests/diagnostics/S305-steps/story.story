story Steps
dim K = 2
param m = 0.0
for t in range(K - 2):
    cost a = m
for t in range(2.5):
    cost b = m
for t in range(N):
    cost c = m
