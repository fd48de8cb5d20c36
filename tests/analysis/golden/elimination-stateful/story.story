story Remembers
"""The state's own parameters go through a function that remembers: its sequences are listed."""

param w = 0.4
function f stateful: [] -> []

for t in range(3) from z = 0:
    sample z ~ Bernoulli(logits=f(w * z)) with Expect()
    cost c = z
