story Example
plate data
input x[data, 4]
input y[data]: int
module f: [4] -> [3]
module g: [4] -> [3] = nn.Sequential(nn.Linear(4, 3), nn.Softmax(-1))
compute p = softmax(f(x))
sample z ~ OneHotCategorical(logits=p)
cost c = cross_entropy(softmax(z), y)
sample w ~ Categorical(logits=g(x))
cost d = w
cost likelihood = nll_loss(softmax(f(x)), y)
