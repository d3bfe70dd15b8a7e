"""The two classes of the lecture "VAE for Topology Optimization", in our words: the names of their tensors are the lecture's.

The fully connected one uses plain `nn.Sequential`s. Conditions are standardized outside, as in the lecture. A design is a density,
1 = material. Sizes and widths are arguments, so that the tests can use small ones; the defaults are the lecture's.
"""
import torch
import torch.nn as nn


class ConvVae(nn.Module):
    """encoder.{0,1,3,4,6,7,9,10}, fc_mu, fc_var, decoder_input, decoder.{0,1,3,4,6,7}, final_layer.{0,1,3}"""

    def __init__(self, size=(128, 128), channels=(32, 64, 128, 256), latents=2, conditions=1):
        super().__init__()
        self.base = (channels[-1], size[0] >> len(channels), size[1] >> len(channels))
        features = self.base[0] * self.base[1] * self.base[2]
        blocks = zip((1, *channels), channels)
        self.encoder = nn.Sequential(*(layer for i, o in blocks for layer in (nn.Conv2d(i, o, 3, 2, 1), nn.BatchNorm2d(o), nn.LeakyReLU())))
        self.fc_mu = nn.Linear(features + conditions, latents)
        self.fc_var = nn.Linear(features + conditions, latents)
        self.decoder_input = nn.Linear(latents + conditions, features)
        up = channels[::-1]
        self.decoder = nn.Sequential(*(layer for i, o in zip(up, up[1:]) for layer in self.block(i, o)))
        self.final_layer = nn.Sequential(*self.block(up[-1], up[-1]), nn.Conv2d(up[-1], 1, 3, padding=1), nn.Sigmoid())

    @staticmethod
    def block(inputs, outputs):
        return nn.ConvTranspose2d(inputs, outputs, 3, 2, 1, output_padding=1), nn.BatchNorm2d(outputs), nn.LeakyReLU()

    def encode(self, designs, conditions):
        features = torch.cat([self.encoder(designs).flatten(1), conditions], 1)
        return self.fc_mu(features), self.fc_var(features)

    def decode(self, latents, conditions):
        maps = self.decoder_input(torch.cat([latents, conditions], 1)).view(-1, *self.base)
        return self.final_layer(self.decoder(maps))


class DenseVae(nn.Module):
    """encoder.{0,2}, fc_mu, fc_var, decoder.{0,2,4}"""

    def __init__(self, size=(126, 349), widths=(256, 256), latents=2, conditions=1):
        super().__init__()
        self.size = size
        pixels = size[0] * size[1]
        self.encoder = nn.Sequential(*self.hidden(pixels + conditions, widths))
        self.fc_mu = nn.Linear(widths[-1], latents)
        self.fc_var = nn.Linear(widths[-1], latents)
        self.decoder = nn.Sequential(*self.hidden(latents + conditions, widths[::-1]), nn.Linear(widths[0], pixels), nn.Sigmoid())

    @staticmethod
    def hidden(inputs, widths):
        return [layer for i, o in zip((inputs, *widths), widths) for layer in (nn.Linear(i, o), nn.ReLU())]

    def encode(self, designs, conditions):
        features = self.encoder(torch.cat([designs.flatten(1), conditions], 1))
        return self.fc_mu(features), self.fc_var(features)

    def decode(self, latents, conditions):
        return self.decoder(torch.cat([latents, conditions], 1)).view(-1, 1, *self.size)


def reconstruct(model, designs, conditions):
    """From the posterior means, in evaluation mode."""
    model.eval()
    with torch.no_grad():
        return model.decode(model.encode(designs, conditions)[0], conditions)
