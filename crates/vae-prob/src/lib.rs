//! Probability for variational autoencoders on plain floats: distributions, KL, ELBO, importance-weighted bounds.
