story Example
plate data
input x[data, 3]
module net: [3] -> [4] = nn.Linear(3, 4)
module ref frozen frozen: [3] -> [4]
module old fozen: [3] -> [4]
function f frozen: [] -> []
cost distance = sum((net(x) - ref(x)) ** 2)
