story Classes
input x[4]
module a: [4] -> [4] = Linear(4, 4)
module b: [4] -> [4] = nn.Linaer(4, 4)
module d: [4] -> [4] = os.system("rm")
module e: [4] -> [4] = torch.nn.Linear(4, 4)
module f: [4] -> [4] = nn.Sequential(nn.Module(), eval("1"))
sample z ~ Normal(a(x) + b(x) + d(x) + e(x) + f(x), 1)
cost c = sum(z)
