story Example
import torch
param m = 0
sample z ~ Normal(m, 1)
cost c = z
