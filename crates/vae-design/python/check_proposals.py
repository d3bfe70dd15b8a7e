"""Checks the proposals of `vae propose` with finite elements of its own: NumPy and SciPy, nothing of ours.

    python check_proposals.py proposals/

Reads problem.toml and the design.npy of each folder, computes volume fraction and compliance, and compares them with design.json.
Exits 1 if one differs by more than 1e-6.
"""

import json
import sys
import tomllib
from pathlib import Path

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import spsolve

TOLERANCE = 1e-6
VOID = 1e-9
PENALTY = 3.0


def half_up(value):
    """The nearest whole number, halves away from zero."""
    return int(np.floor(value + 0.5 + 1e-12))


class Problem:
    """A problem.toml on its grid. Nodes are numbered row by row, row 0 on top; forces are (x, y) with y up."""

    def __init__(self, text):
        self.raw = tomllib.loads(text)
        self.nelx, self.nely = self.raw["grid"]["nelx"], self.raw["grid"]["nely"]
        self.poisson = self.raw.get("poisson_ratio", 0.3)
        self.stiffness = self.raw.get("youngs_modulus", 1.0) * self.raw.get("thickness", 1.0)

    def node(self, row, column):
        return row * (self.nelx + 1) + column

    def place(self, place):
        """Nodes of a place, and the share of a force that each takes."""
        (kind, value), = place.items()
        across, down = (lambda x: half_up(x * self.nelx)), (lambda y: half_up(y * self.nely))
        if kind == "point":
            return [(self.node(down(value[1]), across(value[0])), 1.0)]
        if kind == "node":
            return [(self.node(value[1], value[0]), 1.0)]
        if kind == "area":
            rows = range(down(value["min"][1]), down(value["max"][1]) + 1)
            columns = range(across(value["min"][0]), across(value["max"][0]) + 1)
            nodes = [self.node(r, c) for r in rows for c in columns]
            return [(node, 1.0 / len(nodes)) for node in nodes]
        side = value if kind == "edge" else value["side"]
        length = self.nely if side in ("left", "right") else self.nelx
        first, last = 0, length
        if kind == "segment":
            first, last = half_up(value["from"] * length), half_up(value["to"] * length)
        at = {
            "left": lambda s: self.node(s, 0),
            "right": lambda s: self.node(s, self.nelx),
            "top": lambda s: self.node(0, s),
            "bottom": lambda s: self.node(self.nely, s),
        }[side]
        if first == last:
            return [(at(first), 1.0)]
        pieces = last - first
        return [(at(s), (0.5 if s in (first, last) else 1.0) / pieces) for s in range(first, last + 1)]

    def fixed(self):
        fixed = set()
        for support in self.raw["supports"]:
            for node, _ in self.place(support["at"]):
                fixed |= {2 * node + "xy".index(axis) for axis in support["fix"]}
        return fixed

    def forces(self):
        cases = []
        for case in self.raw["load_cases"]:
            force = np.zeros(2 * (self.nelx + 1) * (self.nely + 1))
            for load in case["loads"]:
                for node, share in self.place(load["at"]):
                    force[2 * node : 2 * node + 2] += share * np.array(load["force"], dtype=float)
            cases.append(force)
        return cases

    def outside(self):
        """Elements that are not part of the domain."""
        mask = np.zeros((self.nely, self.nelx), dtype=bool)
        y, x = np.mgrid[0 : self.nely, 0 : self.nelx] + 0.5
        for region in self.raw.get("passive", []):
            if region["kind"] != "outside":
                continue
            (kind, shape), = region["shape"].items()
            if kind != "rectangle":
                sys.exit(f"this script knows no {kind} outside the domain")
            (x0, y0), (x1, y1) = shape["min"], shape["max"]
            slack = 1e-9
            inside = (x0 * self.nelx - slack <= x) & (x < x1 * self.nelx - slack)
            mask |= inside & (y0 * self.nely - slack <= y) & (y < y1 * self.nely - slack)
        return mask

    def element_matrix(self):
        """Stiffness of a unit square in plane stress by 2 × 2 Gauss points; corners: lower left, lower right, upper right, upper left."""
        nu = self.poisson
        material = np.array([[1, nu, 0], [nu, 1, 0], [0, 0, (1 - nu) / 2]]) / (1 - nu * nu)
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
        matrix = np.zeros((8, 8))
        for xi in (-1 / np.sqrt(3), 1 / np.sqrt(3)):
            for eta in (-1 / np.sqrt(3), 1 / np.sqrt(3)):
                # Derivatives by x = ξ / 2 and y = η / 2.
                dx = corners[:, 0] * (1 + corners[:, 1] * eta) / 2
                dy = corners[:, 1] * (1 + corners[:, 0] * xi) / 2
                b = np.zeros((3, 8))
                b[0, 0::2], b[1, 1::2], b[2, 0::2], b[2, 1::2] = dx, dy, dy, dx
                matrix += b.T @ material @ b / 4
        return matrix

    def compliance(self, design):
        moduli = np.where(self.outside(), VOID, VOID + design**PENALTY * (1 - VOID))
        row, column = np.mgrid[0 : self.nely, 0 : self.nelx]
        corners = [(row + 1, column), (row + 1, column + 1), (row, column + 1), (row, column)]
        nodes = np.stack([self.node(r, c).ravel() for r, c in corners], axis=1)
        dofs = np.stack([2 * nodes, 2 * nodes + 1], axis=2).reshape(-1, 8)
        values = moduli.ravel()[:, None, None] * self.element_matrix()[None]
        rows, columns = np.repeat(dofs, 8, axis=1), np.tile(dofs, (1, 8))
        n = 2 * (self.nelx + 1) * (self.nely + 1)
        matrix = coo_matrix((values.ravel(), (rows.ravel(), columns.ravel())), shape=(n, n)).tocsc()
        free = np.setdiff1d(np.arange(n), sorted(self.fixed()))
        total = 0.0
        for force in self.forces():
            total += force[free] @ spsolve(matrix[free][:, free], force[free])
        return total / self.stiffness


def main():
    folder = Path(sys.argv[1])
    problem = Problem((folder / "problem.toml").read_text())
    wanted = problem.raw["volume_fraction"]
    worst = 0.0
    folders = sorted(path.parent for path in folder.glob("*/design.npy"))
    if not folders:
        sys.exit(f"{folder} holds no proposals")
    for path in folders:
        design = np.load(path / "design.npy").astype(float)
        said = json.loads((path / "design.json").read_text())
        if not np.isin(design, (0.0, 1.0)).all():
            sys.exit(f"{path}: not black and white")
        domain = ~problem.outside()
        volume, compliance = design[domain].mean(), problem.compliance(design)
        # Whole elements: the nearest number of them.
        exact = half_up(wanted * domain.sum()) == design[domain].sum()
        errors = (
            abs(volume / said["judgement"]["volume_fraction"] - 1),
            abs(compliance / said["compliance"] - 1),
        )
        worst = max(worst, *errors) if exact else 1.0
        print(f"{path.name}: volume {volume:.6f}{'' if exact else ' IS NOT EXACT'}, compliance {compliance:.8f}, off by {errors[0]:.1e} and {errors[1]:.1e}")
    print(f"{len(folders)} proposals, largest difference {worst:.1e}")
    if worst > TOLERANCE:
        sys.exit(1)


if __name__ == "__main__":
    main()
