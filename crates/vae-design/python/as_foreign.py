"""Turns a data-set folder into what somebody else's optimization might have left: a table of flat vectors in the element order of the
classic codes (column by column) and a table of conditions.

    python as_foreign.py made/ foreign/ [N]
"""

import json
import sys
from pathlib import Path

import numpy as np


def main():
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    designs = np.load(source / "designs.npy")
    if designs.dtype == np.uint8:
        designs = designs / 255.0
    conditions = np.load(source / "conditions.npy")
    names = [condition["name"] for condition in json.loads((source / "dataset.json").read_text())["conditions"]]
    count = min(int(sys.argv[3]) if len(sys.argv) > 3 else len(designs), len(designs))
    target.mkdir()
    chosen = np.linspace(0, len(designs) - 1, count).astype(int)
    columns = designs[chosen].transpose(0, 2, 1).reshape(count, -1)
    np.savetxt(target / "designs.csv", columns, fmt="%.4f", delimiter=",")
    np.savetxt(target / "conditions.csv", conditions[chosen], fmt="%.6g", delimiter=",", header=",".join(names), comments="")
    print(f"{count} designs of {designs.shape[1]} x {designs.shape[2]}, conditions {', '.join(names)}")


if __name__ == "__main__":
    main()
