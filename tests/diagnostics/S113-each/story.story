story Each
plate data
plate sites
input x[data, sites]
compute q = Normal(0, 1)
sample a ~ q each
sample b ~ q each with ScoreFunction()
sample c ~ q each data sites
sample d ~ q each data,
sample e ~ q each [data, sites]
sample f ~ q eahc data
sample g ~ q each data and sites
sample h ~ q for each data
sample i ~ q per data
sample j ~ q each 3
sample k ~ q each plate data
sample each data ~ q
each sample l ~ q
sample m each data ~ q
cost l = x each data
