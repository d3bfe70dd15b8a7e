"""Checks exports of a design with readers that know nothing of ours: trimesh, ezdxf, shapely.

    python check_stl.py DESIGN.npy --cell-size 2 --thickness 5 [--tolerance 0.005]

reads DESIGN.stl, DESIGN.dxf and DESIGN.svg beside the array, whichever are there (lengths in millimeters), prints a line per file, and ends
with code 1 if one is not watertight, not closed, not simple, or off the volume of the densities by more than the tolerance.
"""

import argparse
import pathlib
import re
import sys

import numpy as np


def stl(path, thickness):
    """Area of a plate; it must be a closed, consistently oriented surface whose corners pinch nowhere."""
    import trimesh

    mesh = trimesh.load_mesh(path)  # merges equal corners
    edges = np.sort(mesh.edges, axis=1)
    _, counts = np.unique(edges, axis=0, return_counts=True)
    fine = mesh.is_watertight and mesh.is_winding_consistent and mesh.is_volume and 0 < mesh.volume and (counts == 2).all()
    # Euler: every closed piece of genus g has V - E + F = 2 - 2g; a pinched corner would break the balance.
    pieces = mesh.split(only_watertight=False)
    fine = fine and all(piece.euler_number <= 2 and piece.euler_number % 2 == 0 for piece in pieces)
    z = np.unique(mesh.vertices[:, 2])
    fine = fine and len(z) == 2 and np.allclose(z, [0, thickness])
    words = f"{len(mesh.faces)} triangles, {len(pieces)} pieces, watertight {mesh.is_watertight}, volume {mesh.volume:.6f}"
    return mesh.volume / thickness, fine, words


def rings_area(rings):
    """Area between simple rings that touch nowhere, outer ones counterclockwise and holes clockwise."""
    import shapely

    lines = [shapely.LinearRing(ring) for ring in rings]
    fine = all(line.is_simple for line in lines)
    tree = shapely.STRtree(lines)
    a, b = tree.query(lines, predicate="intersects")
    fine = fine and (a == b).all()  # a ring meets only itself
    area = sum(shapely.Polygon(ring).area * (1 if line.is_ccw else -1) for ring, line in zip(rings, lines))
    return area, fine, f"{len(rings)} rings, {sum(line.is_ccw for line in lines)} outer"


def dxf(path, _):
    import ezdxf

    drawing = ezdxf.readfile(path)
    audit = drawing.audit()
    rings, fine = [], drawing.units == ezdxf.units.MM and not audit.errors and not audit.fixes
    for entity in drawing.modelspace():
        fine = fine and entity.dxftype() == "LWPOLYLINE" and entity.closed
        rings.append([(x, y) for x, y, *_ in entity.get_points()])
    area, simple, words = rings_area(rings)
    return area, fine and simple, f"{drawing.dxfversion}, {len(audit.errors)} audit errors, {words}"


def svg(path, _):
    text = path.read_text()
    height = float(re.search(r'height="([^"]+)mm"', text)[1])
    rings = []
    for ring in re.search(r' d="([^"]*)"', text)[1].split("Z"):
        points = [[float(x) for x in point.split()] for point in re.split("[ML]", ring.strip()) if point]
        if points:
            rings.append([(x, height - y) for x, y in points])
    return rings_area(rings)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("design", type=pathlib.Path)
    parser.add_argument("--cell-size", type=float, required=True, help="mm")
    parser.add_argument("--thickness", type=float, required=True, help="mm")
    parser.add_argument("--tolerance", type=float, default=0.005)
    args = parser.parse_args()
    density = np.load(args.design).astype(float)
    expected = density.sum() * args.cell_size**2
    print(f"{args.design}: {density.shape[0]} x {density.shape[1]}, area {expected:.6f} mm2")
    readers = {".stl": stl, ".dxf": dxf, ".svg": svg}
    found = {path: read for suffix, read in readers.items() if (path := args.design.with_suffix(suffix)).exists()}
    good = bool(found)
    for path, read in found.items():
        area, fine, words = read(path, args.thickness)
        error = area / expected - 1
        good = good and fine and abs(error) <= args.tolerance
        print(f"  {path.suffix[1:]}: {'good' if fine else 'BAD'}, area error {100 * error:+.6f} %, {words}")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
