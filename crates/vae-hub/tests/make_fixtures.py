"""Makes the small Parquet files in fixtures/. Needs numpy, scipy, pyarrow and pillow; the tests need none of them.

    python tests/make_fixtures.py          # in crates/vae-hub

beams.parquet has the columns of IDEALLab/beams_2d_50_100_v0 on a grid of 10 x 20: half MBB beams by the rules of the 88-line code
(Andreassen et al. 2011), with the load anywhere on the top edge. `c` is the compliance of the stored, rounded design, computed here
with scipy's sparse solver. fixtures/beams is what this makes of it, in crates/vae-hub:

    cargo run --features hub --example parquet -- tests/fixtures/beams.parquet tests/fixtures/beams
"""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import spsolve

NELY, NELX, PENALTY, E_MIN = 10, 20, 3.0, 1e-9
HERE = Path(__file__).parent / "fixtures"


def stiffness():
    nu = 0.3
    a11 = np.array([[12, 3, -6, -3], [3, 12, 3, 0], [-6, 3, 12, -3], [-3, 0, -3, 12]])
    a12 = np.array([[-6, -3, 0, 3], [-3, -6, -3, -6], [0, -3, -6, 3], [3, -6, 3, -6]])
    b11 = np.array([[-4, 3, -2, 9], [3, -4, -9, 4], [-2, -9, -4, -3], [9, 4, -3, -4]])
    b12 = np.array([[2, -3, 4, -9], [-3, 2, 9, -2], [4, 9, 2, 3], [-9, -2, 3, 2]])
    a = np.block([[a11, a12], [a12.T, a11]])
    b = np.block([[b11, b12], [b12.T, b11]])
    return (a + nu * b) / (1 - nu**2) / 24


KE = stiffness()
NODES = np.arange((NELX + 1) * (NELY + 1)).reshape(NELX + 1, NELY + 1).T  # by columns, as in the 88-line code
FIRST = 2 * NODES[:-1, :-1] + 2
EDOF = FIRST.ravel(order="F")[:, None] + np.array([0, 1, 2 * NELY + 2, 2 * NELY + 3, 2 * NELY, 2 * NELY + 1, -2, -1])
FIXED = np.union1d(np.arange(0, 2 * (NELY + 1), 2), [2 * (NELX + 1) * (NELY + 1) - 1])
FREE = np.setdiff1d(np.arange(2 * (NELX + 1) * (NELY + 1)), FIXED)


def energies(x, forcedist):
    """Element energies and compliance of a design (NELY, NELX)."""
    moduli = (E_MIN + x.ravel(order="F") ** PENALTY * (1 - E_MIN))
    values = (moduli[:, None] * KE.ravel()).ravel()
    rows = np.repeat(EDOF, 8, axis=1).ravel()
    columns = np.tile(EDOF, (1, 8)).ravel()
    k = coo_matrix((values, (rows, columns))).tocsc()
    f = np.zeros(k.shape[0])
    f[2 * NODES[0, round(forcedist * NELX)] + 1] = -1
    u = np.zeros(k.shape[0])
    u[FREE] = spsolve(k[FREE][:, FREE], f[FREE])
    energy = np.einsum("ei,ij,ej->e", u[EDOF], KE, u[EDOF])
    return energy.reshape(NELX, NELY).T, float(moduli @ energy)


def solve(volfrac, rmin, forcedist):
    """Sensitivity filter and optimality criteria; returns the design and the compliance of each iteration."""
    i, j = np.mgrid[:NELY, :NELX]
    i, j = i.ravel(), j.ravel()
    h = np.maximum(0, rmin - np.hypot(i[:, None] - i, j[:, None] - j))
    x = np.full((NELY, NELX), volfrac)
    history = []
    for _ in range(40):
        energy, c = energies(x, forcedist)
        history.append(c)
        dc = -PENALTY * x ** (PENALTY - 1) * (1 - E_MIN) * energy
        dc = ((h @ (x * dc).ravel()) / h.sum(1) / np.maximum(1e-3, x.ravel())).reshape(x.shape)
        low, high = 0.0, 1e9
        while (high - low) / (low + high) > 1e-3:
            middle = (low + high) / 2
            new = np.clip(x * np.sqrt(-dc / middle), np.maximum(0, x - 0.2), np.minimum(1, x + 0.2))
            low, high = (middle, high) if new.mean() > volfrac else (low, middle)
        change, x = abs(new - x).max(), new
        if change < 0.05:
            break
    return x, history


def beams():
    rows = []
    for volfrac in (0.3, 0.4, 0.5):
        for forcedist in (0.0, 0.25, 0.5, 0.8):
            for rmin in (1.5, 2.0):
                x, history = solve(volfrac, rmin, forcedist)
                x = np.round(x, 2)
                rows.append({
                    "optimal_design": x.tolist(), "volfrac": volfrac, "rmin": rmin, "forcedist": forcedist,
                    "overhang_constraint": 0, "c": energies(x, forcedist)[1], "optimization_history": history,
                })
    order = np.random.default_rng(7).permutation(len(rows))
    numbers = pa.list_(pa.float64())
    schema = pa.schema([
        ("optimal_design", pa.list_(numbers)), ("volfrac", pa.float64()), ("rmin", pa.float64()), ("forcedist", pa.float64()),
        ("overhang_constraint", pa.int64()), ("c", pa.float64()), ("optimization_history", numbers),
    ])
    table = pa.Table.from_pylist([rows[k] for k in order], schema=schema)
    pq.write_table(table, HERE / "beams.parquet", row_group_size=10)
    pq.write_table(table.select(["volfrac", "c", "optimization_history"]), HERE / "no_designs.parquet")
    ragged = table.slice(0, 3).to_pylist()
    ragged[1]["optimal_design"][4] = ragged[1]["optimal_design"][4][:-1]
    pq.write_table(pa.Table.from_pylist(ragged, schema=schema), HERE / "ragged.parquet")


def digits():
    """Pictures in the structure that the Hub uses: 8-bit grey PNG, and one RGB JPEG of one color."""
    structure = pa.struct([("bytes", pa.binary()), ("path", pa.string())])

    def encoded(pixels, format="PNG"):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, format)
        return {"bytes": file.getvalue(), "path": None}

    pictures = [np.full((6, 8), 17 * k, np.uint8) for k in range(5)]
    for k, picture in enumerate(pictures):
        picture[k, k] = 255
    rows = [encoded(picture) for picture in pictures]
    rows.append(encoded(np.full((6, 8, 3), 128, np.uint8), "JPEG"))
    table = pa.table({"image": pa.array(rows, structure), "label": pa.array(range(6), pa.int64())})
    pq.write_table(table, HERE / "digits-train.parquet")
    broken = rows[:2] + [{"bytes": rows[2]["bytes"][:40], "path": None}]
    pq.write_table(pa.table({"image": pa.array(broken, structure)}), HERE / "broken_picture.parquet")


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    beams()
    digits()
