"""Opens a `model.safetensors` of vae-models in PyTorch: builds the equal module from the file's metadata alone, loads the
weights strictly, and, given an .npz, compares what both sides compute.

    python load_model.py model.safetensors [check.npz [tolerance]]

The .npz (see examples/export_for_pytorch.rs) holds `designs`, optionally `conditions` in raw units and `fields`, `eps`, and as
computed by vae-models `mean`, `log_var`, `params` (of the decoder at the reparameterized codes) and `reconstruction` (the expected
design). Needs torch, safetensors and numpy.
"""
import json
import sys
from typing import NamedTuple, Optional

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.distributions import Normal, kl_divergence

LOG_VAR_BOUNDS = (-20.0, 20.0)
PRIOR_LOG_VAR_BOUNDS = (-8.0, 8.0)
LOG_STD_FLOOR = -6.0


def activation(kind):
    return {"relu": nn.ReLU, "leaky-relu": nn.LeakyReLU, "tanh": nn.Tanh}[kind]()


def soft_bound(x, bounds):
    lo, hi = bounds
    return hi - F.softplus(hi - (lo + F.softplus(x - lo, threshold=1e3)), threshold=1e3)


class Told(NamedTuple):
    """What the network makes of conditions and fields."""

    vector: Optional[torch.Tensor]  # appended to flat features, (B, W)
    maps: Optional[torch.Tensor] = None  # the fields, padded
    scales: tuple = ()  # the maps of the field encoder, the smallest first
    mean: Optional[torch.Tensor] = None  # of the prior p(z|problem), (B, Z)
    log_var: Optional[torch.Tensor] = None


def dense(inputs, part):
    layers = []
    for outputs in part["widths"]:
        layers += [nn.Linear(inputs, outputs), activation(part.get("activation", "relu"))]
        inputs = outputs
    return nn.Sequential(*layers)


class Residual(nn.Sequential):
    """x + f(x), where f is convolution, LeakyReLU, convolution."""

    def __init__(self, channels):
        convolution = lambda: nn.Conv2d(channels, channels, 3, padding=1)
        super().__init__(convolution(), nn.LeakyReLU(), convolution())

    def forward(self, x):
        return x + super().forward(x)


class Vae(nn.Module):
    """The network that a configuration (the JSON under the metadata key `vae`) describes."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        encoder, decoder = config["encoder"], config["decoder"]
        conditions, width = config["conditions"], config.get("embedding")
        blocks = max(len(encoder.get("channels", ())), len(decoder.get("channels", ())))
        self.padded = [-(-n // 2**blocks) * 2**blocks for n in (config["height"], config["width"])]

        n_conditions = len(conditions)
        if width is not None:
            self.condition_embedding = nn.Sequential(nn.Linear(n_conditions, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
            n_conditions = width

        fields = config.get("fields")
        residual = lambda count, channels: nn.Sequential(*(Residual(channels) for _ in range(fields.get(count, 0))))
        self.field_channels = list(reversed(encoder["channels"])) if fields else []
        if fields:
            layers, inputs = [], len(fields["names"])
            for outputs in encoder["channels"]:
                layers += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.LeakyReLU()]
                inputs = outputs
            self.field_encoder = nn.Sequential(*layers)
            self.field_residual = residual("blocks", inputs)
            self.averaged = fields.get("averaged", False)
            smallest = inputs * (1 if self.averaged else self.pixels(len(encoder["channels"])))
            self.field_pool = nn.Sequential(nn.Linear(smallest + n_conditions, fields["pooled"]), nn.LeakyReLU())
            self.prior = nn.Sequential(
                nn.Linear(fields["pooled"], fields["prior"]), nn.LeakyReLU(), nn.Linear(fields["prior"], 2 * config["latent_dim"]))
            n_conditions = fields["pooled"]

        if encoder["kind"] == "dense":
            self.encoder = dense(self.pixels(0) + n_conditions, encoder)
            features = encoder["widths"][-1]
        else:
            layers, inputs = [], 1 + (len(fields["names"]) if fields else 0)
            for outputs in encoder["channels"]:
                strided = encoder["kind"] == "strided"
                layers.append(nn.Conv2d(inputs, outputs, 3, stride=2 if strided else 1, padding=1))
                if encoder["normalized"]:
                    layers.append(nn.BatchNorm2d(outputs))
                layers.append(nn.LeakyReLU() if strided else nn.ReLU())
                if not strided:
                    layers.append(nn.MaxPool2d(2) if encoder["pool"] == "max" else nn.AvgPool2d(2))
                inputs = outputs
            self.encoder = nn.Sequential(*layers)
            features = inputs * self.pixels(len(encoder["channels"])) + n_conditions
        self.fc_mu = nn.Linear(features, config["latent_dim"])
        self.fc_var = nn.Linear(features, config["latent_dim"])

        if decoder["kind"] == "dense":
            self.decoder = dense(config["latent_dim"] + n_conditions, decoder)
            self.decoder.append(nn.Linear(decoder["widths"][-1], self.pixels(0)))
        else:
            channels = decoder["channels"]
            self.decoder_input = nn.Linear(config["latent_dim"] + n_conditions, channels[0] * self.pixels(len(channels)))
            # Beside the input of every block but the first lie the maps of the field encoder; the first takes a mixture with them.
            if fields:
                mixed = nn.Conv2d(channels[0] + self.field_channels[0], channels[0], 3, padding=1)
                self.decoder_mix = nn.Sequential(mixed, activation(decoder["activation"]))
                self.decoder_residual = residual("decoder_blocks", channels[0])
            beside = [0, *self.field_channels[1:]] if fields else [0] * len(channels)
            pairs = zip(channels, channels[1:], beside)
            layers = [layer for inputs, outputs, more in pairs for layer in self.block(inputs + more, outputs)]
            inputs = channels[-1] + beside[-1]
            if decoder["head"] == "transposed":
                layers.append(self.transposed(inputs, 1))
            else:
                self.final_layer = nn.Sequential(*self.block(inputs, channels[-1]), nn.Conv2d(channels[-1], 1, 3, padding=1))
            self.decoder = nn.Sequential(*layers)

        if self.sigma() == "shared":
            self.log_std = nn.Parameter(torch.tensor(-1.0))

    def pixels(self, halvings):
        return (self.padded[0] >> halvings) * (self.padded[1] >> halvings)

    def transposed(self, inputs, outputs):
        kernel = self.config["decoder"]["kernel"]
        return nn.ConvTranspose2d(inputs, outputs, kernel, stride=2, padding=1, output_padding=1 if kernel == 3 else 0)

    def block(self, inputs, outputs):
        norm = [nn.BatchNorm2d(outputs)] if self.config["decoder"]["normalized"] else []
        return [self.transposed(inputs, outputs), *norm, activation(self.config["decoder"]["activation"])]

    def sigma(self):
        """None where the model states none, else "shared" or the fixed standard deviation."""
        likelihood = self.config["likelihood"]
        if not isinstance(likelihood, dict):
            return None
        sigma = likelihood["gaussian"]["sigma"]
        return sigma if sigma == "shared" else sigma["fixed"]

    def pad(self, maps):
        bottom, right = self.padded[0] - maps.shape[2], self.padded[1] - maps.shape[3]
        return F.pad(maps, (0, right, 0, bottom))

    def told(self, conditions=None, fields=None):
        """What the network makes of conditions (B, C), given in raw units, and of fields (B, F, H, W)."""
        stats = self.config["conditions"]
        if stats:
            mean, std = (torch.tensor([c[key] for c in stats], dtype=conditions.dtype) for key in ("mean", "std"))
            conditions = (conditions - mean) / std
            if hasattr(self, "condition_embedding"):
                conditions = self.condition_embedding(conditions)
        if not self.config.get("fields"):
            return Told(conditions)
        maps = self.pad(fields)
        scales, x = [], maps
        for layer in self.field_encoder:
            x = layer(x)
            if isinstance(layer, nn.LeakyReLU):
                scales.insert(0, x)
        scales[0] = self.field_residual(x)
        smallest = scales[0].mean((2, 3)) if self.averaged else scales[0].flatten(1)
        pooled = self.field_pool(smallest if conditions is None else torch.cat([smallest, conditions], 1))
        mean, log_var = self.prior(pooled).chunk(2, 1)
        return Told(pooled, maps, tuple(scales), mean, soft_bound(log_var, PRIOR_LOG_VAR_BOUNDS))

    def posterior(self, designs, told):
        """Mean and log-variance of q(z|x) over the latent variables z themselves."""
        append = lambda features: features if told.vector is None else torch.cat([features, told.vector], 1)
        designs = self.pad(designs)
        if self.config["encoder"]["kind"] == "dense":
            features = self.encoder(append(designs.flatten(1)))
        else:
            maps = designs if told.maps is None else torch.cat([designs, told.maps], 1)
            features = append(self.encoder(maps).flatten(1))
        return self.fc_mu(features), soft_bound(self.fc_var(features), LOG_VAR_BOUNDS)

    def generate(self, latents, told):
        """The decoder's output for latent variables z."""
        features = latents if told.vector is None else torch.cat([latents, told.vector], 1)
        if hasattr(self, "decoder_input"):
            channels = self.config["decoder"]["channels"]
            height, width = (n >> len(channels) for n in self.padded)
            features = self.decoder_input(features).view(-1, channels[0], height, width)
        beside = list(told.scales)
        if beside:
            features = self.decoder_residual(self.decoder_mix(torch.cat([features, beside.pop(0)], 1)))
        first = True
        for layer in [*self.decoder, *getattr(self, "final_layer", ())]:
            if isinstance(layer, nn.ConvTranspose2d):
                if beside and not first:
                    features = torch.cat([features, beside.pop(0)], 1)
                first = False
            features = layer(features)
        output = features.view(-1, 1, *self.padded)[:, :, : self.config["height"], : self.config["width"]]
        return output if self.config["likelihood"] == "bernoulli" else torch.sigmoid(output)

    def encode(self, designs, conditions=None, fields=None):
        """Mean and log-variance of the codes, u = (z - mean) / deviation of the prior; without fields u is z."""
        told = self.told(conditions, fields)
        mean, log_var = self.posterior(designs, told)
        if told.mean is None:
            return mean, log_var
        return (mean - told.mean) / torch.exp(0.5 * told.log_var), log_var - told.log_var

    def decode(self, codes, conditions=None, fields=None):
        """Logits of a Bernoulli, else means."""
        told = self.told(conditions, fields)
        return self.generate(codes if told.mean is None else told.mean + torch.exp(0.5 * told.log_var) * codes, told)

    def mean(self, params):
        """The expected design."""
        return torch.sigmoid(params) if self.config["likelihood"] == "bernoulli" else params

    def log_prob(self, params, designs, mask=None):
        """ln p(x|z) per design, in nats, over the pixels where the mask is 1; minus the squared error of a model without likelihood."""
        if self.config["likelihood"] == "bernoulli":
            terms = -F.binary_cross_entropy_with_logits(params, designs, reduction="none")
        elif self.config["likelihood"] == "squared-error":
            terms = -((designs - params) ** 2)
        else:
            log_std = self.floored_log_std(params.dtype)
            terms = -0.5 * (((designs - params) * torch.exp(-log_std)) ** 2 + 2 * log_std + torch.log(torch.tensor(2 * torch.pi, dtype=params.dtype)))
        return (terms if mask is None else terms * mask).sum((1, 2, 3))

    def floored_log_std(self, dtype):
        if self.sigma() == "shared":
            return LOG_STD_FLOOR + F.softplus(self.log_std - LOG_STD_FLOOR, threshold=1e3)
        return torch.log(torch.tensor(self.sigma(), dtype=torch.float64)).to(dtype)

    def elbo_terms(self, designs, conditions, eps, mask=None, fields=None):
        """ln p(x|z) per design, and KL(q(z|x) || p(z)) per design and latent."""
        told = self.told(conditions, fields)
        mean, log_var = self.posterior(designs, told)
        params = self.generate(mean + torch.exp(0.5 * log_var) * eps, told)
        if told.mean is None:
            kl = 0.5 * (mean**2 + torch.expm1(log_var) - log_var)
        else:
            q, p = Normal(mean, torch.exp(0.5 * log_var)), Normal(told.mean, torch.exp(0.5 * told.log_var))
            kl = kl_divergence(q, p)
        return self.log_prob(params, designs, mask), kl


def load(path):
    """The module of a file, in evaluation mode."""
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    assert list(metadata) == ["vae"], f"one metadata key is expected, found {list(metadata)}"
    model = Vae(json.loads(metadata["vae"]))
    model.load_state_dict(tensors, strict=True)
    return model.eval()


def compare(model, path, tolerance):
    """Largest differences between what both sides compute; fails above the tolerance."""
    import numpy as np

    arrays = {name: torch.from_numpy(array) for name, array in np.load(path).items()}
    told = arrays.get("conditions"), arrays.get("fields")
    with torch.no_grad():
        mean, log_var = model.encode(arrays["designs"], *told)
        params = model.decode(mean + torch.exp(0.5 * log_var) * arrays["eps"], *told)
        reconstruction = model.mean(model.decode(mean, *told))
    ours = {"mean": mean, "log_var": log_var, "params": params, "reconstruction": reconstruction}
    for name, value in ours.items():
        assert value.shape == arrays[name].shape, f"{name}: {tuple(value.shape)} and {tuple(arrays[name].shape)}"
        gap = (value - arrays[name]).abs().max().item()
        print(f"{name:14s} {str(tuple(value.shape)):18s} largest difference {gap:.1e}")
        assert gap <= tolerance, f"{name} differs by {gap}, more than {tolerance}"


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3, 4):
        sys.exit(__doc__)
    model = load(sys.argv[1])
    print(f"{sys.argv[1]}: {sum(p.numel() for p in model.parameters())} weights, loaded strictly")
    if 2 < len(sys.argv):
        compare(model, sys.argv[2], float(sys.argv[3]) if len(sys.argv) == 4 else 1e-5)
