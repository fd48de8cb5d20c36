story CarriedWeights
plate data
input x[data]
param w = 0.3
sample i ~ Normal(w * x, 1) using ImportanceSampling(n=2, proposal=Normal(0, 2))
cost a = mean(i, over=data)
cost b = mean(i, over=i)
cost c = mean(mean(i, over=i), over=data)
