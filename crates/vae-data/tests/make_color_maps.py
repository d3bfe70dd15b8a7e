"""Writes color_maps.txt: 65 evenly spaced colors of each common color map, from matplotlib.

    python make_color_maps.py > ../src/foreign/color_maps.txt
"""

import matplotlib
import numpy as np

NAMES = """viridis plasma inferno magma cividis turbo jet hot coolwarm bwr seismic bone copper
pink rainbow gist_heat afmhot cubehelix summer winter cool spring autumn
Blues Greens Oranges Purples Reds RdBu RdYlBu RdYlGn PiYG Spectral YlGnBu YlOrRd""".split()

for name in NAMES:
    colors = matplotlib.colormaps[name](np.linspace(0, 1, 65), bytes=True)[:, :3]
    print(name, *("".join(f"{channel:02x}" for channel in color) for color in colors))
