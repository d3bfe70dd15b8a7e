"""Makes the files under tests/tables/ that tests/tables.rs reads: one set of designs as other programs write it.

    python3 crates/vae-data/tests/make_tables.py

Made with NumPy 2.4.6, pandas 3.1.1, SciPy 1.17.1 and h5py 3.16.0. truth.npy holds the designs (N, rows, columns).
"""

import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np
import pandas as pd
import scipy.io

OUT = pathlib.Path(__file__).parent / "tables"
OUT.mkdir(exist_ok=True)

N, H, W = 10, 9, 16


def design(i):
    """Bars between four points, blurred a little, so that there are grey cells."""
    t = (7 * i + 3) % N / N
    points = [(0, 0), (H - 1, 0), (H * (0.2 + 0.6 * t), W - 1), (0.6 * H, W * (0.3 + 0.3 * np.sin(6 * t)))]
    y, x = np.mgrid[:H, :W]
    out = np.zeros((H, W))
    for b in range(4):
        for a in range(b):
            (y0, x0), (y1, x1) = points[a], points[b]
            along = np.clip(((y - y0) * (y1 - y0) + (x - x0) * (x1 - x0)) / ((y1 - y0) ** 2 + (x1 - x0) ** 2), 0, 1)
            distance = np.hypot(y - y0 - along * (y1 - y0), x - x0 - along * (x1 - x0))
            out = np.maximum(out, np.clip(1.6 - distance, 0, 1))
    return out.round(3)


truth = np.array([design(i) for i in range(N)], dtype=np.float32)
np.save(OUT / "truth.npy", truth)
volume = truth.mean(axis=(1, 2)).round(3)

# MATLAB's arrays, brought into .npz by the commands that the program names.
HINTS = {
    "matlab": "__import__('numpy').savez('designs.npz',"
    "**{{k:v for k,v in __import__('scipy.io').io.loadmat('{path}').items() if k[0]!='_'}})",
    "hdf5": "__import__('numpy').savez('designs.npz',"
    "**{{k:v[()].T for k,v in __import__('h5py').File('{path}').items() if hasattr(v,'shape')}})",
}
matlab = np.asfortranarray(np.moveaxis(truth, 0, 2))  # xPhys(ely, elx, design)
with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    scipy.io.savemat(folder / "matlab.mat", {"xPhys": matlab, "volfrac": volume[None], "note": "made by us"})
    with h5py.File(folder / "hdf5.mat", "w") as file:
        file["xPhys"] = matlab.T  # MATLAB's axes are the other way around in the file
        file["volfrac"] = volume[:, None]
        file.create_group("#refs#")
    for name, program in HINTS.items():
        subprocess.run([sys.executable, "-c", program.format(path=f"{name}.mat")], cwd=folder, check=True)
        (OUT / f"{name}.npz").write_bytes((folder / "designs.npz").read_bytes())

# Design 3 as a matrix.
one = truth[3]
frame = pd.DataFrame(one)
frame.to_csv(OUT / "pandas.csv")
frame.to_csv(OUT / "pandas_without_index.csv", index=False)
frame.to_csv(OUT / "pandas_without_header.csv", header=False)
frame.rename(columns="x{}".format).to_csv(OUT / "pandas_named.tsv", sep="\t", index_label="row")
frame.to_csv(OUT / "german.csv", sep=";", decimal=",", index=False, header=False, encoding="utf-8-sig")
frame.to_csv(OUT / "excel.txt", sep="\t", decimal=",", index=False, header=False, encoding="utf-16")
np.savetxt(OUT / "savetxt.txt", one, header="densities, rows from the top")
np.savetxt(OUT / "savetxt.csv", one, fmt="%.3f", delimiter=", ")

# Design 3 as a table of elements, and as points of its cells.
row, column = np.mgrid[:H, :W]
x, y = (column + 0.5) * 2.0, (H - row - 0.5) * 2.0
order = np.random.default_rng(1).permutation(H * W)


def flat(values):
    return values.ravel()[order]


table = pd.DataFrame({"rho": flat(one), "x": flat(x), "y": flat(y)})
points = pd.DataFrame(
    {"density": flat(one), "Points:0": flat(x), "Points:1": flat(y), "Points:2": 0.0, "Point ID": np.arange(H * W)}
)
points.to_csv(OUT / "paraview.csv", index=False, quoting=2)
pd.DataFrame({"Points_0": flat(x), "Points_1": flat(y), "Points_2": 0.0, "SIMP": flat(one)}).to_csv(
    OUT / "paraview_other_name.csv", index=False
)
lines = [f"{i + 1:>14d} {a:>14.4E} {b:>14.4E} {c:>14.4E}" for i, (c, a, b) in enumerate(table.to_numpy())]
(OUT / "abaqus.rpt").write_text(
    "  Element Label          COORD1          COORD2         Density\n" + "-" * 60 + "\n" + "\n".join(lines) + "\n"
)
table.to_csv(OUT / "elements_german.csv", sep=";", decimal=",", index=False)
np.savetxt(OUT / "elements_savetxt.txt", table.to_numpy(), header="rho x y", fmt="%.4f")
np.savetxt(OUT / "elements_without_names.txt", table[["x", "y", "rho"]].to_numpy(), fmt="%.4f")
pd.DataFrame({"row": flat(row), "col": flat(column), "value": flat(one)}).to_csv(OUT / "long.csv", index=False)

# What is no design, or does not say which.
points[["Points:0", "Points:1", "Points:2", "Point ID"]].to_csv(OUT / "no_density.csv", index=False)
np.savetxt(OUT / "no_density.txt", points[["Points:0", "Points:1", "Points:2", "Point ID"]].to_numpy(), fmt="%.4f")
pd.DataFrame({"Element": np.arange(H * W) + 1, "Density": one.T.ravel()}).to_csv(OUT / "numbered.csv", index=False)
twice = pd.concat([table, table.assign(rho=0.5)])
twice.to_csv(OUT / "two_designs.csv", index=False)
np.savetxt(OUT / "vectors.csv", truth.transpose(0, 2, 1).reshape(N, -1), fmt="%.3f", delimiter=",")
