"""Writes color_maps.txt: 65 evenly spaced colors of each common color map, from matplotlib.

    python make_color_maps.py

The maps of MATLAB (parula, and parula-2014 of its older versions) are kept as they stand in the
file: they are not in matplotlib, and come from the 64 colors that `parula(64)` prints.
"""

from pathlib import Path

import matplotlib
import numpy as np

NAMES = """viridis plasma inferno magma cividis turbo jet hot coolwarm bwr seismic bone copper
pink rainbow gist_heat afmhot cubehelix summer winter cool spring autumn
Blues Greens Oranges Purples Reds RdBu RdYlBu RdYlGn PiYG Spectral YlGnBu YlOrRd
PuBu BuPu OrRd PuRd RdPu GnBu BuGn PuBuGn YlGn YlOrBr PuOr BrBG PRGn RdGy
gnuplot gnuplot2 terrain ocean gist_earth CMRmap Wistia""".split()
FILE = Path(__file__).parent / "../src/foreign/color_maps.txt"

kept = [line for line in FILE.read_text().splitlines() if line.startswith("parula")]
lines = []
for name in NAMES:
    colors = matplotlib.colormaps[name](np.linspace(0, 1, 65), bytes=True)[:, :3]
    hexes = ("".join(f"{channel:02x}" for channel in color) for color in colors)
    lines.append(" ".join([name, *hexes]))
FILE.write_text("\n".join(lines + kept) + "\n")
