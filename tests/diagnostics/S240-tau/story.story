story Example
param m[3] = zeros()
sample z ~ OneHotCategorical(logits=m) with GumbelSoftmax(tau=0.5)
cost c = sum(z)
