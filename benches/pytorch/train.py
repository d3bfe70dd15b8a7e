"""Times whole training steps in PyTorch: forward, -ELBO, backward, Adam.

python train.py --preset tutorial-conv --mode compile-last --batch-size 8
"""

import argparse

import torch
from networks import MODES, PRESETS, workload
from timing import median_s, report

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--preset", choices=PRESETS, required=True)
parser.add_argument("--mode", choices=MODES, required=True)
parser.add_argument("--batch-size", type=int, required=True)
parser.add_argument("--steps", type=int, default=10)
args = parser.parse_args()

network, designs, conditions = workload(args.preset, args.mode, args.batch_size)
optimizer = torch.optim.Adam(network.parameters(), 1e-3)
minus_elbo = torch.compile(network) if args.mode.startswith("compile") else network
losses = []


def step():
    loss = minus_elbo(designs, conditions)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())


median, _ = median_s(step, args.steps)
report(
    network,
    preset=args.preset,
    mode=args.mode,
    batch_size=args.batch_size,
    images_per_s=args.batch_size / median,
    step_ms_median=1e3 * median,
    loss_first=losses[0],
    loss_last=losses[-1],
)
