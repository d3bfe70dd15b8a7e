"""Makes the arrays under tests/numpy/ that tests/numpy.rs reads and writes again.

    python3 crates/vae-data/tests/make_fixtures.py

Made with NumPy 2.4.6. The values are those of the formula `density` below, which the test computes as well.
"""

import io
import pathlib
import zipfile

import numpy as np

OUT = pathlib.Path(__file__).parent / "numpy"
OUT.mkdir(exist_ok=True)

N, H, W = 5, 3, 4


def level(i, row, column):
    """A whole number from 0 to 255 for each cell."""
    return (37 * i + 11 * row + 5 * column * column) % 256


levels = np.fromfunction(np.vectorize(level), (N, H, W), dtype=int)
u8 = levels.astype(np.uint8)
f64 = levels / 256.0  # exact in every float type down to float16
arrays = {
    "u8": u8,
    "bool": levels >= 128,
    "f16": f64.astype(np.float16),
    "f32": f64.astype(np.float32),
    "f64": f64,
    "big_endian": f64.astype(">f4"),
    "fortran": np.asfortranarray(f64.astype(np.float32)),
    "int64": levels,
    "rank2": u8[0],
    "rank4": u8[:, None],
    "record": np.zeros(3, dtype=[("x", "<f4"), ("y", "<i2")]),
}
for name, array in arrays.items():
    np.save(OUT / f"{name}.npy", array)

nan = f64.astype(np.float32)
nan[3, 1, 2] = np.nan
np.save(OUT / "nan.npy", nan)
outside = f64.astype(np.float32) * 255
np.save(OUT / "outside.npy", outside)
np.save(OUT / "objects.npy", np.array([[1, 2], [3]], dtype=object), allow_pickle=True)

conditions = np.stack([np.linspace(0.2, 0.6, N), np.arange(N) * 10.0], axis=1)
groups = np.array([4, 4, 7, 7, 9])  # int64, as NumPy likes it
np.savez(OUT / "keyed.npz", designs=u8, conditions=conditions, groups=groups)
np.savez_compressed(OUT / "keyed_deflated.npz", designs=u8, conditions=conditions, groups=groups)
np.savez(OUT / "single.npz", anything=u8)
np.savez(OUT / "several.npz", a=u8, b=u8)
np.savez(OUT / "objects.npz", designs=np.array([[1, 2], [3]], dtype=object))


def npy_bytes(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


with zipfile.ZipFile(OUT / "nested.npz", "w") as archive:
    archive.writestr(zipfile.ZipInfo("../designs.npy"), npy_bytes(u8))
