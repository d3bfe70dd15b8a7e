//! Families of topology-optimisation problems, and data sets of their designs.
