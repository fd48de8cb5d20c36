story Example
param m = 0.0
sample z ~ Normal(m, 1)
cost c = sum(stack([])) + sum(concat(tensors=[])) + z
