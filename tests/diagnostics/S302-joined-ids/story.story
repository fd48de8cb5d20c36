story Example
dim P = 4
plate batch
input prompt[batch, P]: int
module embed: [P + 3]: int -> [9]
sample y ~ Categorical(logits=embed(concat([prompt, zeros([3])])))
cost c = y
