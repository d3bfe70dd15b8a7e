"""Times of equal pieces of work, and what is printed about them."""

import datetime
import json
import platform
import resource
import statistics
import time

import torch

WARM_UP = 3


def median_s(work, n):
    """Median and total seconds of `n` calls, after a warm-up that also compiles."""
    for _ in range(WARM_UP):
        work()
    seconds = []
    for _ in range(n):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), sum(seconds)


def cpu():
    """The processor's name for itself, with its family and model where there is one."""
    try:
        with open("/proc/cpuinfo") as file:
            lines = [line.partition(":") for line in file.read().split("\n\n")[0].splitlines()]
    except OSError:
        return platform.processor()
    about = {key.strip(): value.strip() for key, _, value in lines}
    numbers = f"family {about.get('cpu family')}, model {about.get('model')}"
    return f"{about.get('model name', platform.machine())} ({numbers})"


def report(network, **values):
    """One JSON line."""
    common = {
        "parameters": sum(p.numel() for p in network.parameters()),
        "threads": torch.get_num_threads(),
        # Kibibytes on Linux; processes that torch.compile starts are not counted.
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "cpu": cpu(),
        "date": datetime.date.today().isoformat(),
    }
    print(json.dumps(values | common), flush=True)
