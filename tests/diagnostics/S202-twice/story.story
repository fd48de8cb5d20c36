story Twice
dim K = 2
plate data
input x[data]
input data
module f: [] -> []
param f = 0.0
sample z ~ Normal(f(x), 1)
compute z = z + 1
compute a, a = f(z)
cost K = z  # the types of what was defined twice are not known: no further words
report z = z ** 2
