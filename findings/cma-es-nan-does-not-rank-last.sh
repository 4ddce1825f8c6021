#!/bin/sh
# cmaes 0.13.1 and pycma 4.5.0: a candidate whose objective is NaN does not rank last, and can be the best of all.
#
# cmaes sorts candidates by their values, and Python's sort leaves a NaN where it finds it and does not compare across it:
# told first it is taken for the best and draws the mean to itself with the largest weight; only told last it is the
# worst. Nothing is raised: a simulation that has blown up leads the search whenever its worker answers first. pycma warns
# and gives a NaN the median of the others, so that it can be among the better half and move the mean; of four that failed
# in six, two do. A failure should be told as a number worse than all others.
#
# Prints the weights with which six candidates with the values 6 5 4 3 2 1 moved the mean (in %), the best having the
# largest, and those with NaN in places.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install cmaes==0.13.1 cma==4.5.0 numpy==2.4.6
cat > run.py <<'EOF'
import math
import warnings

warnings.simplefilter("ignore")
import cma
import numpy as np
from cmaes import CMA

N, POPULATION = 8, 6
start = np.zeros(N)


def by_cmaes(values):
    optimizer = CMA(mean=start, sigma=1.0, seed=1, population_size=POPULATION)
    points = [optimizer.ask() for _ in range(POPULATION)]
    optimizer.tell(list(zip(points, values)))
    return points, optimizer.mean


def by_pycma(values):
    strategy = cma.CMAEvolutionStrategy(start, 1.0, {"verbose": -9, "seed": 1, "popsize": POPULATION})
    points = strategy.ask()
    strategy.tell(points, values)
    return points, strategy.mean


for failed in ([], [0], [2], [5], [0, 1, 2, 3]):
    values = [6.0, 5.0, 4.0, 3.0, 2.0, 1.0]
    for i in failed:
        values[i] = math.nan
    print(" ".join("nan" if math.isnan(v) else f"{v:.0f}" for v in values))
    for name, told in [("cmaes", by_cmaes), ("pycma", by_pycma)]:
        points, mean = told(values)
        weights = np.linalg.lstsq(np.array(points).T, mean, rcond=None)[0]
        print(f"  {name}: {' '.join(f'{100 * w + 0:.0f}' for w in weights.round(6))}")
EOF
venv/bin/python run.py | tee got.txt
cat > expected.txt <<'EOF'
6 5 4 3 2 1
  cmaes: 0 0 0 8 28 64
  pycma: 0 0 0 8 28 64
nan 5 4 3 2 1
  cmaes: 64 0 0 0 8 28
  pycma: 8 0 0 0 28 64
6 5 nan 3 2 1
  cmaes: 0 0 0 8 28 64
  pycma: 0 0 0 8 28 64
6 5 4 3 2 nan
  cmaes: 0 0 8 28 64 0
  pycma: 0 0 0 28 64 8
nan nan nan nan 2 1
  cmaes: 64 28 8 0 0 0
  pycma: 28 0 8 0 0 64
EOF
diff expected.txt got.txt
