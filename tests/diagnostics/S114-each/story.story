story Each
plate data
plate sites
input x[data, sites]
compute q = Normal(0, 1)
sample a ~ q with ScoreFunction() each data
sample b ~ q each data each sites
sample c ~ q with ScoreFunction() using Antithetic(n=2) each data
sample d ~ q in a each data
observe x ~ q each data
sample e ~ q each data with each
