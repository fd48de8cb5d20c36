story Example
param _m = 0.0
sample z ~ Normal(_m, 1)
cost square = z ** 2
