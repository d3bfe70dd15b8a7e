"""Checks with NumPy what tests/numpy.rs wrote: python3 read_back.py FOLDER"""

import pathlib
import sys

import numpy as np

folder = pathlib.Path(sys.argv[1])
reference = pathlib.Path(__file__).parent / "numpy"

for name in ["u8", "bool", "f16", "f32", "f64"]:
    ours, theirs = np.load(folder / name / "designs.npy"), np.load(reference / f"{name}.npy")
    assert ours.dtype == theirs.dtype and np.array_equal(ours, theirs), name
    assert np.load(folder / name / "conditions.npy").dtype == np.float32
    assert np.load(folder / name / "groups.npy").dtype == np.uint32

packed = np.load(folder / "packed.zip")
assert np.array_equal(packed["designs"], np.load(reference / "u8.npy"))
arrays = np.load(folder / "written.npz")
assert arrays.files == ["z", "truth", "one"], arrays.files
assert np.array_equal(arrays["z"], np.arange(6, dtype=np.float64).reshape(2, 3) / 4)
assert arrays["truth"].dtype == bool and arrays["truth"].tolist() == [True, False]
assert arrays["one"].shape == () and arrays["one"] == 7
print("read back")
