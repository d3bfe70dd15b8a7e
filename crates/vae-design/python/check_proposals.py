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
        for key in ("springs", "self_weight"):
            if key in self.raw:
                sys.exit(f"this script knows no {key}")
        self.nelx, self.nely = self.raw["grid"]["nelx"], self.raw["grid"]["nely"]
        self.poisson = self.raw.get("poisson_ratio", 0.3)
        self.stiffness = self.raw.get("youngs_modulus", 1.0) * self.raw.get("thickness", 1.0)

    def node(self, row, column):
        return row * (self.nelx + 1) + column

    def span(self, place):
        """Where a place begins and ends along x and y, in elements; within a thousandth it lies on a node."""
        (kind, value), = place.items()
        if kind == "point":
            low, high = value, value
        elif kind == "node":
            return (value[0], value[0]), (value[1], value[1])
        elif kind == "area":
            low, high = value["min"], value["max"]
        else:
            side = value if kind == "edge" else value["side"]
            first, last = (0.0, 1.0) if kind == "edge" else (value["from"], value["to"])
            at = {"left": 0.0, "right": 1.0, "top": 0.0, "bottom": 1.0}[side]
            upright = side in ("left", "right")
            low = (at, first) if upright else (first, at)
            high = (at, last) if upright else (last, at)
        scaled = [[low[axis] * n, high[axis] * n] for axis, n in enumerate((self.nelx, self.nely))]
        return [[round(v) if abs(v - round(v)) < 1e-3 else v for v in ends] for ends in scaled]

    def shares(self, place):
        """Nodes of a load, and the share of each: the integral of its shape function over the place."""

        def along(first, last):
            nodes = range(int(np.floor(first)), int(np.ceil(last)) + 1)
            if last <= first:
                return [(k, 1 - abs(k - first)) for k in nodes]
            # The hat function of a node is linear between nodes: Simpson's rule is exact on each piece.
            cuts = np.unique([first, last, *[k for k in nodes if first < k < last]])
            middle = (cuts[1:] + cuts[:-1]) / 2
            hat = lambda k, at: np.clip(1 - np.abs(at - k), 0, None)
            whole = lambda k: np.sum((hat(k, cuts[1:]) + 4 * hat(k, middle) + hat(k, cuts[:-1])) * np.diff(cuts)) / 6
            return [(k, whole(k) / (last - first)) for k in nodes]

        x, y = self.span(place)
        return [(self.node(r, c), down * across) for r, down in along(*y) for c, across in along(*x)]

    def held(self, place):
        """Nodes that a support holds: the nearest one to a point; ends of lines and areas move outward."""

        def along(first, last):
            if last <= first:
                return [half_up(first)]
            return range(int(np.ceil(first - 0.5)), int(np.floor(last + 0.5)) + 1)

        x, y = self.span(place)
        return [self.node(r, c) for r in along(*y) for c in along(*x)]

    def fixed(self):
        fixed = set()
        for support in self.raw["supports"]:
            for node in self.held(support["at"]):
                fixed |= {2 * node + "xy".index(axis) for axis in support["fix"]}
        return fixed

    def forces(self):
        """The forces of each load case, with its weight."""
        cases = []
        for case in self.raw["load_cases"]:
            force = np.zeros(2 * (self.nelx + 1) * (self.nely + 1))
            for load in case["loads"]:
                for node, share in self.shares(load["at"]):
                    force[2 * node : 2 * node + 2] += share * np.array(load["force"], dtype=float)
            cases.append((case.get("weight", 1.0), force))
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
        for weight, force in self.forces():
            total += weight * force[free] @ spsolve(matrix[free][:, free], force[free])
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
