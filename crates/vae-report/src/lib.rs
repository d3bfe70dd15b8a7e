//! Figures and the report page of a training run.
