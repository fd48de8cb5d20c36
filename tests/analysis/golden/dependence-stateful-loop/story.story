story Stateful
function f stateful: [] -> []
function g stateful: [] -> []
param w = 0.3
compute above = f(w)
for t in range(3) from h = w:
    compute a = f(h)
    sample z ~ Normal(w, 1)
    compute h = z
    compute b = g(w)
    cost c = a + b
compute below = f(w)
cost d = above + below
