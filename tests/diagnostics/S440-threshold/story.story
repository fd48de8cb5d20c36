story Threshold
param th = 0.3
sample z ~ Normal(0, 1)
compute above = z > th
cost c = 3 if above else th ** 2
