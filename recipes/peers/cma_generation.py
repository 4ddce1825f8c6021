"""Time and memory of pycma's generations, as one line of JSON. Called by `bench cma speed --python`."""

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


def peak_bytes() -> int:
    """VmHWM: getrusage would begin with what the parent process held."""
    with open("/proc/self/status", encoding="utf8") as status:
        line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def main() -> None:
    request = json.loads(sys.argv[1])
    dimension, population = request["dimension"], request["populationSize"]
    options = {
        "popsize": population,
        "seed": request["seed"],
        "verbose": -9,
        "CMA_diagonal": request["model"] == "diagonal",
    }
    base = peak_bytes()
    strategy = cma.CMAEvolutionStrategy(dimension * [0.0], 0.065, options)
    seconds = []
    for _ in range(request["generations"]):
        start = time.process_time()
        points = strategy.ask()
        elapsed = time.process_time() - start
        fitness = [float(point[0]) for point in points]
        start = time.process_time()
        strategy.tell(points, fitness)
        seconds.append(elapsed + time.process_time() - start)
    print(
        json.dumps(
            {
                "seconds": seconds,
                "peakBytes": peak_bytes(),
                "baseBytes": base,
                "name": f"pycma {cma.__version__}, numpy {numpy.__version__}",
            }
        )
    )


main()
