story Vae
plate data
input t[data]
sample z ~ Normal(t, 1) with Reparameterization(n=2)
compute r = round(z)
cost c = (r - 1) ** 2
