//! Training of variational autoencoders on designs: configuration, schedules, loop, checkpoints, evaluation.
