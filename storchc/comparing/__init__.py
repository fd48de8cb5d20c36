"""Compares the methods of one story: which, with what models, against which gradient.

`candidates` finds what to compare, `references` what it is held to, `models` makes the models,
`story` runs it all; `formats`, `page` and `picture` write what was found.
"""
