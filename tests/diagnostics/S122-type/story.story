story Example
input k: double
sample z ~ Normal(k, 1) with ScoreFunction()
cost square = z ** 2
