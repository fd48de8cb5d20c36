story ArgumentType
plate data
input label[data]: int
input mask[data]: bool
input x[data]
module net: [] -> []
module look: []: int -> []
module gate: []: bool -> []
sample z ~ Normal(net(label), 1)
cost c = net(mask) + look(x) + look(mask) + gate(x) + gate(label) + net(1) + z
