"""Compares estimators of one gradient: their bias, variance, time and memory, on the user's model.

`compare` is the way in, `Comparison` what comes out. `contender` measures one model, `contest` says
whose turn it is, `moments` keeps what was seen, `verdict` says what that tells of a bias.
"""
