story Carried
module net: [] -> []
for t in range(3) from last = 0:
    sample z ~ Normal(net(last), 1)
    compute last = z
    cost c = z ** 2
