"""One run of `fit`: from what the user hands over to what the estimator holds afterwards."""
