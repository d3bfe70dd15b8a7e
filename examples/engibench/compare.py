"""Scores new designs of a run with EngiBench's simulator and optimizer, beside the nearest training design.

    python compare.py beams runs/beams --vae ../../target/debug/vae

For each seed, conditions are drawn from one side of the split (with replacement, as EngiOpt does), and each method
gives one design for each.
Ours are the mean densities of a model of 0 and 1, nearly crisp; EngiBench's are densities after its filter, whose
radius is one of the conditions, so ours pass through that filter too (--unfiltered leaves it out).
A design is simulated, and then optimized from there by EngiBench.
The gaps are differences of compliance from the design of the data set at the same conditions:

    iog   mean gap of the designs as they are
    cog   median over designs of the sum of the gaps over all iterations
    fog   mean gap after the last iteration
    mmd   maximum mean discrepancy from the designs of the data set, Gaussian kernel of width 10
    dpp   determinant of the kernel matrix of the designs, 1e-6 added to its diagonal
    viol  mean absolute difference from the volume fraction asked for

These are the definitions of EngiOpt's metrics (github.com/IDEALLab/EngiOpt), which is not on the package index.
Written anew from the formulas: Gretton et al. 2012, "A kernel two-sample test"; Kulesza & Taskar 2012,
"Determinantal point processes for machine learning"; Felten et al. 2025, "EngiBench".
"""

import argparse
import csv
import functools
import json
import subprocess
import tempfile
from multiprocessing import Pool
from pathlib import Path

import engibench.problems.beams2d.backend as backend
import engibench.problems.beams2d.v1 as beams2d
import numpy as np

# Densities below are raised to this, as EngiOpt does with generated designs.
LEAST = 1e-3
# Width of the kernel.
SIGMA = 10.0
# Names of the conditions here and in EngiBench.
NAMES = {"volume_fraction": "volfrac", "filter_radius": "rmin", "load_x": "forcedist"}

# The filter depends on the size and the radius alone, and takes EngiBench a second to set up.
backend.h_mat = functools.lru_cache(maxsize=None)(backend.h_mat)


class Beams:
    """A data set of `vae simp generate beams2d`, and the sides of the split of a run on it."""

    def __init__(self, folder, run):
        self.folder = folder
        self.designs = np.load(folder / "designs.npy")
        if self.designs.dtype == np.uint8:
            self.designs = self.designs / 255.0
        self.conditions = np.load(folder / "conditions.npy").astype(float)
        described = json.loads((folder / "dataset.json").read_text())
        self.names = [condition["name"] for condition in described["conditions"]]
        self.split = json.loads((run / "splits.json").read_text())
        sizes = [len(self.split[side]) for side in ("train", "validation", "test")]
        if sum(sizes) != len(self.designs):
            raise SystemExit(f"{run}: not split by single designs; train with --config beams2d.toml")

    def config(self, index):
        """The conditions of a design in EngiBench's words."""
        # Conditions are stored in single precision; what was meant has few digits.
        values = dict(zip(self.names, np.round(self.conditions[index], 6).tolist()))
        return {there: values[here] for here, there in NAMES.items()}

    def nearest(self, indices):
        """The training design with the nearest conditions, each scaled to [0, 1]."""
        low, high = self.conditions.min(axis=0), self.conditions.max(axis=0)
        scaled = (self.conditions - low) / (high - low)
        train = np.array(self.split["train"])
        gaps = ((scaled[indices][:, None] - scaled[train][None]) ** 2).sum(axis=2)
        return self.designs[train[gaps.argmin(axis=1)]]


def drawn(vae, run, beams, indices, seed, flags):
    """Designs that the model draws for the conditions of some designs."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "conditions.csv"
        with table.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(beams.names)
            rows.writerows(np.round(beams.conditions[indices], 6).tolist())
        out = Path(folder) / "out"
        command = [vae, "sample", run, "--rows", table, "--count", "1", "--seed", str(seed), "--out", out, *flags]
        subprocess.run(command, check=True, capture_output=True)
        return np.load(out / "designs.npz")["designs"].astype(float)


def filtered(design, config):
    """A design after EngiBench's density filter."""
    rows, columns = design.shape
    weights = backend.h_mat(columns, rows, config["rmin"])
    values = weights @ backend.image_to_design(design) / np.asarray(weights.sum(axis=1)).ravel()
    return backend.design_to_image(values, columns, rows)


def scored(task):
    """Gaps of a design: as it is, summed over an optimization, and at its end."""
    design, reference, config = task
    problem = beams2d.Beams2D(seed=0)

    def simulated(design):
        problem.reset(seed=0)
        return float(problem.simulate(design, config=config)[0])

    optimum, as_it_is = simulated(reference), simulated(design)
    problem.reset(seed=0)
    _, history = problem.optimize(design, config=config)
    gaps = [float(step.obj_values[0]) - optimum for step in history]
    return as_it_is - optimum, sum(gaps), gaps[-1]


def kernel(a, b):
    squared = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None] - 2.0 * a @ b.T
    return np.exp(-np.maximum(squared, 0.0) / (2.0 * SIGMA**2))


def metrics(pool, designs, references, configs):
    designs = np.clip(designs, LEAST, 1.0)
    iog, cog, fog = np.array(pool.map(scored, zip(designs, references, configs), chunksize=1)).T
    volumes = np.array([config["volfrac"] for config in configs])
    a, b = designs.reshape(len(designs), -1), references.reshape(len(references), -1)
    within = kernel(a, a)
    return {
        "iog": iog.mean(),
        "cog": np.median(cog),
        "fog": fog.mean(),
        "mmd": within.mean() + kernel(b, b).mean() - 2.0 * kernel(a, b).mean(),
        "dpp": np.linalg.det(within + 1e-6 * np.eye(len(a))),
        "viol": np.abs(a.mean(axis=1) - volumes).mean(),
    }


def remade(pool, beams, count):
    """One sentence on how the set that was made anew compares with EngiBench's own."""
    with (beams.folder / "results.csv").open() as file:
        stated = np.array([float(row["compliance"]) for row in csv.DictReader(file)])
    some = np.linspace(0, len(stated) - 1, count).round().astype(int)
    simulated, theirs = np.array(pool.map(optimized, [(beams.designs[i], beams.config(i)) for i in some])).T
    differs = np.abs(simulated / stated[some] - 1.0).max()
    softer = 100.0 * (simulated / theirs - 1.0)
    return (
        f"{count} designs of the set: their compliance in EngiBench's simulator differs from the stated one by at most "
        f"{differs:.1e}, and is {softer.mean():+.2f} % ({softer.min():+.2f} to {softer.max():+.2f} %) against that of "
        "EngiBench's own optimization from the uniform design"
    )


def optimized(task):
    """Compliance of a design, and of EngiBench's own optimum."""
    design, config = task
    problem = beams2d.Beams2D(seed=0)
    found = float(problem.simulate(design, config=config)[0])
    problem.reset(seed=0)
    best, _ = problem.optimize(config=config)
    problem.reset(seed=0)
    return found, float(problem.simulate(best, config=config)[0])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], epilog="Other flags go to vae sample: --exact-volume, --temperature 0.7, ..."
    )
    parser.add_argument("data", type=Path, help="folder of the data set")
    parser.add_argument("run", type=Path, help="folder of the run")
    parser.add_argument("--vae", type=Path, default=Path("vae"), help="the binary")
    parser.add_argument("--side", default="test", choices=["validation", "test"])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--conditions", type=int, default=50)
    parser.add_argument("--remade", type=int, default=0, help="designs to compare with EngiBench's own optima")
    parser.add_argument("--skip-nearest", action="store_true", help="score the run alone")
    parser.add_argument("--unfiltered", action="store_true", help="score designs as the model draws them")
    parser.add_argument("--processes", type=int, default=2)
    args, flags = parser.parse_known_args()
    beams = Beams(args.data, args.run)
    with Pool(args.processes) as pool:
        if args.remade:
            print(remade(pool, beams, args.remade), flush=True)
        rows = {"ours": [], "nearest": []}
        for seed in range(1, args.seeds + 1):
            side = np.array(beams.split[args.side])
            indices = side[np.random.default_rng(seed).choice(len(side), args.conditions, replace=True)]
            truth, configs = beams.designs[indices], [beams.config(i) for i in indices]
            ours = drawn(args.vae, args.run, beams, indices, seed, flags)
            if not args.unfiltered:
                ours = np.array([filtered(design, config) for design, config in zip(ours, configs)])
            rows["ours"].append(metrics(pool, ours, truth, configs))
            if not args.skip_nearest:
                rows["nearest"].append(metrics(pool, beams.nearest(indices), truth, configs))
            last = {name: found[-1] for name, found in rows.items() if found}
            short = {name: {key: round(float(v), 5) for key, v in row.items()} for name, row in last.items()}
            print(seed, short, flush=True)
    for name, found in rows.items():
        for key in found[0] if found else []:
            values = np.array([row[key] for row in found])
            print(f"{name:8} {key:9} {values.mean():10.4g} ± {values.std():.3g}")


if __name__ == "__main__":
    main()
