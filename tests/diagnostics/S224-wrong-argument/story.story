story WrongArgument
param w[4] = 0.0
module cell: [4], ([4], [4]) -> ([4], [4])
sample z ~ Normal(w, 1)
compute a = sum(z, dim="last")
compute b = sum(z, dim=w)
compute d = sum(z, keepdim=1)
compute e = einsum(z, z)
compute f = [1, 2]
compute g = "text"
compute h = none
compute i = stack(z)
compute j = tensor([1, z])
compute k, l = cell(z, z)
cost c = sum(z, dim=[0, "one"])
