story Introduction
"""d = a + b, e ~ N(b + c, 1), f = d e²: what is the gradient of E[f] to c?"""

param a[] = 5
param b[] = -3
param c[] = 0.23

compute d = a + b
sample  e ~ Normal(b + c, 1) with ScoreFunction(n=45)
cost    f = d * e ** 2
