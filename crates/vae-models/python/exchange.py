"""The round trip with PyTorch at full size, both of the lecture's models: python exchange.py VAE FOLDER

VAE is the binary, FOLDER a new folder for everything made here. For each model:
  there   a run of `vae` is exported, the class of tutorial.py loads it strictly, and its reconstructions are those of `vae`;
  back    fresh weights of the class are saved, `vae` imports them, and its reconstructions are those of the class.
Fails if any pixel differs by more than 1e-5. Needs torch, safetensors and numpy; takes a few minutes.
"""
import json
import pathlib
import subprocess
import sys

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from tutorial import ConvVae, DenseVae, reconstruct

TOLERANCE = 1e-5
MODELS = {"tutorial-conv": (ConvVae, (128, 128)), "tutorial-mlp": (DenseVae, (126, 349))}


def pictures(folder, size):
    """A data set of blurred bars with one condition, their volume."""
    rng = np.random.default_rng(7)
    rows, columns = np.mgrid[0 : size[0], 0 : size[1]] / np.array(size).reshape(2, 1, 1)
    designs = np.stack([
        1 / (1 + np.exp(40 * (np.abs(rows - a - b * columns) - c)))
        for a, b, c in rng.uniform((0.2, -0.3, 0.05), (0.8, 0.3, 0.3), (40, 3))
    ]).astype(np.float32)
    folder.mkdir()
    np.save(folder / "designs.npy", designs)
    np.save(folder / "conditions.npy", 100 * designs.mean((1, 2))[:, None])
    condition = {"name": "volume_percent", "unit": "%", "min": 0.0, "max": 100.0}
    (folder / "dataset.json").write_text(json.dumps({"format": 1, "name": "bars", "conditions": [condition]}))
    return torch.from_numpy(designs[:, None]), torch.from_numpy(100 * designs.mean((1, 2))[:, None])


def main(vae, root):
    root.mkdir()

    def run(*arguments):
        return subprocess.run([vae, *map(str, arguments)], check=True, capture_output=True, text=True).stdout

    def ours(run_folder, data):
        """Reconstructions by `vae`, from posterior means."""
        run("encode", run_folder, "--data", data, "--out", root / "z.npz")
        run("decode", run_folder, root / "z.npz", "--out", root / "designs.npz")
        return torch.from_numpy(np.load(root / "designs.npz")["designs"])[:, None]

    def compare(name, a, b):
        gap = (a - b).abs().max().item()
        print(f"{name:24s} {str(tuple(a.shape)):20s} largest difference {gap:.1e}")
        assert gap <= TOLERANCE, f"{name}: {gap} is more than {TOLERANCE}"

    for preset, (kind, size) in MODELS.items():
        data = root / f"{preset}-data"
        designs, conditions = pictures(data, size)

        run("train", "--data", data, "--preset", preset, "--epochs", 1, "--run", root / preset)
        weights = root / f"{preset}.safetensors"
        rule = run("weights", "export", root / preset, "--out", weights).splitlines()[1]
        mean, std = (float(number) for number in rule.split(" - ")[1].split(") / "))
        model = kind()
        model.load_state_dict(load_file(weights), strict=True)
        compare(f"{preset}, there", reconstruct(model, designs, (conditions - mean) / std), ours(root / preset, data))

        torch.manual_seed(3)
        model = kind()
        model.train()
        model.encode(designs, (conditions - 30) / 12)  # moves the running statistics
        weights = root / f"{preset}-theirs.safetensors"
        save_file(model.state_dict(), weights)
        imported = root / f"{preset}-imported"
        run("weights", "import", weights, "--preset", preset, "--condition", "volume_percent=30,12,0,100", "--out", imported)
        compare(f"{preset}, back", reconstruct(model, designs, (conditions - 30) / 12), ours(imported, data))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]))
