story Introduction
"""Minimise the mean of d e², where d = a + b and e is normal around b + c."""

param a = 5
param b = -3
param c = 0.23

compute d = a + b
sample  e ~ Normal(b + c, 1) with Reparameterization(n=1)
cost    f = d * e ** 2
