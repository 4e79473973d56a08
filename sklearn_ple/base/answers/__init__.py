"""What a fitted estimator answers: in parts, into files, calibrated, one task at a time."""
