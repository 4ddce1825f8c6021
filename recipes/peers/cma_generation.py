"""Time and memory of pycma's generations, as one line of JSON. Called by `measure cma speed --python`."""

import json
import os
import sys

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before numpy is loaded

import time
import warnings

warnings.simplefilter("ignore")
import cma
import numpy


def resident_bytes(field: str) -> int:
    """VmRSS, now, or VmHWM, the peak: getrusage would begin with what the parent process held."""
    with open("/proc/self/status", encoding="utf8") as status:
        line = next(line for line in status if line.startswith(f"{field}:"))
    return int(line.split()[1]) * 1024


def run(request: dict, dimension: int, generations: int) -> list[float]:
    """Seconds of ask and tell of each generation."""
    options = {
        "popsize": request["populationSize"],
        "seed": request["seed"],
        "verbose": -9,
        "CMA_diagonal": request["model"] == "diagonal",
    }
    strategy = cma.CMAEvolutionStrategy(dimension * [0.0], 0.065, options)
    seconds = []
    for _ in range(generations):
        start = time.process_time()
        points = strategy.ask()
        elapsed = time.process_time() - start
        fitness = [float(point[0]) for point in points]
        start = time.process_time()
        strategy.tell(points, fitness)
        seconds.append(elapsed + time.process_time() - start)
    return seconds


def main() -> None:
    request = json.loads(sys.argv[1])
    run(request, 10, 100)  # loads what is loaded late, before memory is watched
    peak = resident_bytes("VmHWM")
    with open("/proc/self/clear_refs", "w", encoding="utf8") as references:
        references.write("5")  # sets the peak back
    base = resident_bytes("VmRSS")
    seconds = run(request, request["dimension"], request["generations"])
    print(
        json.dumps(
            {
                "seconds": seconds,
                "peakBytes": max(peak, resident_bytes("VmHWM")),
                "addedBytes": resident_bytes("VmHWM") - base,
                "name": f"pycma {cma.__version__}, numpy {numpy.__version__}",
            }
        )
    )


main()
