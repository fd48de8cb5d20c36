# A story will come here.
