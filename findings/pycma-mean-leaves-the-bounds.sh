#!/bin/sh
# pycma 4.5.0: with `bounds` the mean of the strategy is not a point of the box, though every sample is.
#
# The default way of keeping bounds bends the space: ask() gives transformed points, mean, sigma and stds stay as they
# are before. Evolving under noise one takes the mean as the result, not the luckiest sample: `es.mean` then holds
# parameters outside of the bounds, where the objective was never asked; near a bound it even lies on the wrong side
# of all samples. With BoundPenalty the mean wanders off by whole box widths, as points are set to the bound and only
# charged for it. `es.result.xfavorite` is the mean as a point of the box; es.mean and pickled states are not.
#
# Prints lowest sample, mean and xfavorite after 30 generations on f(x) = x1 + x2 with bounds 0 and 2.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install cma==4.5.0 numpy==2.4.6
cat > run.py <<'EOF'
import cma

inside = []
for handler in (cma.BoundTransform, cma.BoundPenalty):
    options = {"verbose": -9, "seed": 3, "bounds": [0, 2], "BoundaryHandler": handler}
    es = cma.CMAEvolutionStrategy([1, 1], 0.5, options)
    lowest = 2.0
    for _ in range(30):
        asked = es.ask()
        lowest = min(lowest, *(min(x) for x in asked))
        es.tell(asked, [float(sum(x)) for x in asked])
    show = lambda x: " ".join(f"{n:.2f}" for n in x)
    print(f"{handler.__name__}: lowest {lowest:.2f}, mean {show(es.mean)}, xfavorite {show(es.result.xfavorite)}")
    inside.append([lowest >= 0, min(es.mean) >= 0, min(es.result.xfavorite) >= 0])
if inside != [[True, False, True]] * 2:
    raise SystemExit(f"changed: {inside}")
EOF
venv/bin/python -W ignore run.py
