story Other
param w = 0.4
for t in range(3) from h = 0:
    if t > 0:
        break
    h += w
    h[t] = w
    while h < 1:
        compute h = h + w
    continue
    stop_when h > 1
    return h
