story Ids
dim P = 4
plate batch
input prompt[batch, P]
param table[5, 3] = zeros()
cost c = sum(embedding(prompt, table))
cost d = sum(embedding(concat([long(prompt), zeros([2])]), table))
