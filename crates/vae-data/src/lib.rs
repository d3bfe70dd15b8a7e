//! Density designs from files: data sets, splits by group, seeded batches, and a built-in set of cantilevers.
