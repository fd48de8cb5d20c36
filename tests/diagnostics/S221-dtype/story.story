story Dtype
input x[3]
compute a = zeros([3], dtype="long")
compute b = full([3], 0, device="cuda")
compute c = long(zeros([3]))
compute d = full([3], 0)
cost l = sum(x) + sum(a) + sum(b) + sum(c) + sum(d)
