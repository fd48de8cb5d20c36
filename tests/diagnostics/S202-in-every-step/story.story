story EveryStep
param w = 0.4
compute h = 0
cost total = w
for t in range(3):
    compute h = h + w
    cost total = total + h
