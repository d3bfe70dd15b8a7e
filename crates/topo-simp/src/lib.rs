//! Two-dimensional finite elements, SIMP topology optimisation, and the analysis of one design.
