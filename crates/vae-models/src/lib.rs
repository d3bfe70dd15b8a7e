//! Convolutional variational autoencoders for two-dimensional designs of any size, on candle.
