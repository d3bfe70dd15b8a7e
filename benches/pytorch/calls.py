"""Times one half of a network in PyTorch, in evaluation mode and without gradients.

python calls.py --half decode --preset pool --mode eager --batch-size 1 --count 200
"""

import argparse

import torch
from networks import MODES, PRESETS, workload
from timing import median_s, report

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--half", choices=["encode", "decode"], required=True)
parser.add_argument("--preset", choices=PRESETS, required=True)
parser.add_argument("--mode", choices=MODES, required=True)
parser.add_argument("--batch-size", type=int, required=True)
parser.add_argument("--count", type=int, default=1000)
args = parser.parse_args()

network, designs, conditions = workload(args.preset, args.mode, args.batch_size)
network.eval()
latents = torch.randn(args.batch_size, network.fc_mu.out_features)
half = network.encode if args.half == "encode" else network.decode
half = torch.compile(half) if args.mode.startswith("compile") else half


@torch.no_grad()
def call():
    if args.half == "encode":
        half(designs, conditions)
    else:
        # As densities, which is what a caller wants.
        torch.sigmoid(half(latents, conditions))


calls = -(-args.count // args.batch_size)
median, total = median_s(call, calls)
report(
    network,
    preset=args.preset,
    mode=args.mode,
    half=args.half,
    batch_size=args.batch_size,
    designs_per_s=args.batch_size / median,
    call_ms_median=1e3 * median,
    designs=calls * args.batch_size,
    seconds=total,
)
