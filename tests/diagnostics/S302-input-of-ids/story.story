story Example
dim P = 4
plate batch
input prompt[batch, P]
module embed: [P]: int -> [9]
sample y ~ Categorical(logits=embed(prompt))
cost c = y
