story Default
dim K = 4
dim D
plate data
input x[data, D]
module a: [D] -> [K] = nn.Linear(K * 2, 2 * K // 2, bias=false)
module b: [D] -> [K] = nn.Linear(x, K)
module d: [D] -> [K] = nn.Linear(K, K, bias=x.shape)
module e: [D] -> [K] = nn.Sequential(nn.Linear(K, K), x[0])
module f: [D] -> [K] = nn.Linear
module g: [D] -> [K] = nn.Linear(2 if K > 1 else 3, 4)
module h: [D] -> [K] = 3
sample z ~ Normal(a(x) + b(x) + d(x) + e(x) + f(x) + g(x) + h(x), 1)
cost c = sum(z)
