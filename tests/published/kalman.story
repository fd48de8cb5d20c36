story Kalman
"""A Kalman filter in one dimension, its likelihood step by step."""

dim T = 3
plate data
input y[data, T]
param a = 0.9
param log_q = 0.0
param log_r = 0.0
for t in range(T) from m = 0.0, p = 1.0:
    compute mp = a * m
    compute pp = a ** 2 * p + exp(log_q)
    compute s = pp + exp(log_r)
    compute k = pp / s
    cost nll = 0.5 * (log(s) + (y[t] - mp) ** 2 / s)
    compute m = mp + k * (y[t] - mp)
    compute p = (1 - k) * pp
