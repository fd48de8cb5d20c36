"""Which estimator stands where."""
