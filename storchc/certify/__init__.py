"""Is an estimator right on a story? What ``storchc certify`` does; only it imports this."""
