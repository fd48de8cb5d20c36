story Example
dim C = 3
param logits[C] = zeros()
module critic frozen: [C] -> []
sample z ~ OneHotCategorical(logits=logits) with RELAX(c_phi=critic)
cost c = z[0]
