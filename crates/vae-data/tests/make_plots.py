"""Plots and pictures of two built-in designs, as matplotlib saves them: `plots/`.

    python make_plots.py

Needs numpy, matplotlib and Pillow. `plots.rs` knows which designs these are.
"""

import io
import zipfile
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image

matplotlib.use("Agg")
import matplotlib.pyplot as plt

HERE = Path(__file__).parent
POSITIONS = [0, 3247]


def designs():
    with zipfile.ZipFile(HERE / "../builtin/cantilever.zip") as archive:
        every = np.load(io.BytesIO(archive.read("designs.npy")))
    return [every[position] / 255.0 for position in POSITIONS]


def write(name, draw, extension="png"):
    folder = HERE / "plots" / name
    folder.mkdir(parents=True, exist_ok=True)
    for position, design in zip(POSITIONS, designs()):
        path = folder / f"d{position}.{extension}"
        draw(design, path)
        if extension == "png":
            smaller(path)


def smaller(path):
    """Stores a picture of at most 256 colors with a palette, which changes no pixel."""
    picture = Image.open(path).convert("RGB")
    if picture.getcolors(256):
        picture = picture.quantize(256)
    picture.save(path, optimize=True)


def plot(cmap, *, inverted=False, axes=True, title="", color_bar=False):
    def draw(design, path):
        figure, axis = plt.subplots(figsize=(3.4, 2.2))
        values = 1 - design if inverted else design
        image = axis.imshow(values, cmap=cmap, vmin=0, vmax=1)
        if axes:
            axis.set_xlabel("x")
        else:
            axis.axis("off")
        axis.set_title(title)
        if color_bar:
            figure.colorbar(image)
        figure.savefig(path, dpi=100)
        plt.close(figure)

    return draw


def clipped(cmap, values=lambda design: design):
    """Nothing is left around the plot, so that the line at its right lies outside."""

    def draw(design, path):
        figure, axis = plt.subplots(figsize=(3.4, 2.2))
        axis.imshow(values(design), cmap=cmap, vmin=0, vmax=1)
        figure.savefig(path, dpi=100, bbox_inches="tight", pad_inches=0)
        plt.close(figure)

    return draw


def gridded(design, path):
    figure, axis = plt.subplots(figsize=(5, 3))
    axis.imshow(1 - design, cmap="gray", vmin=0, vmax=1)
    axis.grid(True)
    figure.savefig(path, dpi=100)
    plt.close(figure)


def contours(design, path):
    figure, axis = plt.subplots(figsize=(7, 3.5))
    axis.contour(design[::-1], levels=[0.5], colors="black")
    figure.savefig(path, dpi=100)
    plt.close(figure)


def palette(design, path):
    picture = Image.fromarray((255 * design).round().astype("u1"), mode="P")
    colors = matplotlib.colormaps["viridis"](np.arange(256), bytes=True)[:, :3]
    picture.putpalette(colors.tobytes())
    picture.save(path)


def smoothed(design, path):
    colors = matplotlib.colormaps["jet"](design, bytes=True)[..., :3]
    Image.fromarray(colors).resize((240, 120), Image.BILINEAR).save(path)


write("viridis-color-bar", plot("viridis", title="density", color_bar=True))
write("grey-axes", plot("gray", inverted=True))
write("grey-title", plot("gray", inverted=True, axes=False, title="c = 12"))
write("jet-color-bar", plot("jet", color_bar=True), "jpg")
write("grey-clipped", clipped("gray", lambda design: 1 - design))
write("viridis-clipped", clipped("viridis"))
write("grey-grid", gridded)
write("grey-contours", contours)
write("palette", palette)
write("smoothed-jet", smoothed)
for cmap in ["turbo", "cividis", "coolwarm", "viridis_r"]:
    write(f"saved-{cmap}", lambda design, path: plt.imsave(path, design, cmap=cmap))
