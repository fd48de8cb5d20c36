story Example
param m = 0
sample z ~ Bernoulli(logits=m) with n=5
sample b ~ OneHotCategorical(logits=zeros([3])) with Gumbel-Softmax()
cost c = z + b[0]
