story CustomMethod
"""Subset selection with a gradient estimator of one's own."""

dim D = 12
plate data

use leave_one_out: LeaveOneOut

input target[data, D]
param logits[D] = zeros()

sample b ~ Bernoulli(logits=logits) with LeaveOneOut(n=8)
cost   distance = sum((b - target) ** 2)
