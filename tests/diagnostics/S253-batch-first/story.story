story BatchFirst
plate data
dim T = 5
input x[data, T, 4]
input y[data, 4]
module a: [T, 4] -> [T, 8] = nn.GRU(4, 8)
module b: [T, 4] -> [T, 8] = nn.LSTM(4, 8, batch_first=false)
module c: [T, 4], [T, 4], [T, 4] -> [T, 4] = nn.MultiheadAttention(4, 2)
module d: [T, 4], [T, 4], [T, 4] -> [T, 4], [T, T] = nn.MultiheadAttention(4, 2, 0.1)
module e: [T, 4] -> [T, 4] = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2), 1)
module f: [4] -> [8] = nn.GRU(4, 8, batch_first=true)
module g: [T, 4] -> [8] = nn.GRU(4, 8, batch_first=true)
module h: [T, 4] -> [T, 8], ([1, 8], [1, 8]) = nn.LSTM(4, 8, batch_first=true)
module i: [T, 4], [1, 8] -> [T, 8] = nn.GRU(4, 8, batch_first=true)
module j: [T, 4] -> [T, 8] = nn.GRU(3, 8, batch_first=true)
module k: [T, 4] -> [T, 8] = nn.GRU(4, 8, batch_first=true, bidirectional=true)
module l: [T, 4] -> [3, 8] = nn.GRU(4, 8, batch_first=true)
module m: [T, 4] -> [T, 8] = nn.Sequential(nn.GRU(4, 8, batch_first=true), nn.Linear(8, 8))
module n: [T, 4] -> [T, 8] = nn.GRU(4, 8, batch_first=true)
module o: [T, 4] -> [T, 4] = nn.TransformerEncoderLayer(4, 2, batch_first=true)
compute p = a(x) + b(x)
cost q = sum(n(x)) + sum(o(x)) + sum(p)
