"""The networks of the presets `tutorial-conv` and `pool`, in PyTorch.

Layer by layer those of `vae_models::ModelConfig::{tutorial, pool}`; `cargo xtask compare-pytorch` checks that the numbers of weights agree.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Autoencoder(nn.Module):
    """q(z|x, c) and p(x|z, c) around an encoder and a decoder of convolutions."""

    def __init__(self, encoder, decoder, features, n_latents, n_conditions):
        super().__init__()
        channels, height, width = features
        n_features = channels * height * width
        self.features = features
        self.encoder = nn.Sequential(*encoder, nn.Flatten())
        self.fc_mu = nn.Linear(n_features + n_conditions, n_latents)
        self.fc_var = nn.Linear(n_features + n_conditions, n_latents)
        self.decoder_input = nn.Linear(n_latents + n_conditions, n_features)
        self.decoder = nn.Sequential(*decoder)

    def encode(self, x, c):
        features = torch.cat([self.encoder(x), c], 1)
        return self.fc_mu(features), self.fc_var(features)

    def decode(self, z, c):
        return self.decoder(self.decoder_input(torch.cat([z, c], 1)).view(-1, *self.features))

    def forward(self, x, c):
        """-ELBO of a batch: sum over pixels and latents, mean over designs."""
        mean, log_var = self.encode(x, c)
        z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
        logits = self.decode(z, c)
        cross_entropy = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        kl = -0.5 * (1 + log_var - mean**2 - log_var.exp()).sum()
        return (cross_entropy + kl) / x.shape[0]


def tutorial_conv():
    """128 x 128, one condition, two latents."""
    channels = [32, 64, 128, 256]
    encoder = []
    for a, b in zip([1, *channels], channels):
        encoder += [nn.Conv2d(a, b, 3, stride=2, padding=1), nn.BatchNorm2d(b), nn.LeakyReLU()]
    channels = channels[::-1]
    decoder = []
    for a, b in zip(channels, [*channels[1:], 32]):
        up = nn.ConvTranspose2d(a, b, 3, stride=2, padding=1, output_padding=1)
        decoder += [up, nn.BatchNorm2d(b), nn.LeakyReLU()]
    decoder.append(nn.Conv2d(32, 1, 3, padding=1))
    return Autoencoder(encoder, decoder, (256, 8, 8), n_latents=2, n_conditions=1)


def pool():
    """64 x 64, no condition, 16 latents."""
    encoder = []
    for a, b in [(1, 32), (32, 64), (64, 128)]:
        encoder += [nn.Conv2d(a, b, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    decoder = []
    for a, b in [(128, 64), (64, 32), (32, 1)]:
        decoder += [nn.ConvTranspose2d(a, b, 4, stride=2, padding=1), nn.ReLU()]
    return Autoencoder(encoder, decoder[:-1], (128, 8, 8), n_latents=16, n_conditions=0)


PRESETS = {"tutorial-conv": (tutorial_conv, 128, 1), "pool": (pool, 64, 0)}
MODES = ["eager", "eager-last", "compile", "compile-last"]


def workload(preset, mode, batch_size):
    """A network, and a batch of random 0/1 designs with conditions, laid out for a mode."""
    torch.manual_seed(0)
    make, side, n_conditions = PRESETS[preset]
    network = make()
    designs = (torch.rand(batch_size, 1, side, side) > 0.5).float()
    conditions = torch.randn(batch_size, n_conditions)
    if mode.endswith("-last"):
        network = network.to(memory_format=torch.channels_last)
        designs = designs.to(memory_format=torch.channels_last)
    return network, designs, conditions
