#!/bin/sh
# safetensors 0.8.0 for Python: arrays of NumPy that are views are saved as the bytes that happen to lie there.
#
# save_file and save of safetensors.numpy now hand over an address and a count of bytes, so a transposed array, a slice
# of columns or a reversed array is written as its memory runs on from its first element: numbers in another order, of
# elements outside of the view, or, behind the end of the array, whatever memory holds. Nothing is raised. 0.7.0 copied
# and wrote what the array says. The docstring asks for contiguous arrays; the PyTorch side of the package checks, this
# side does not. So weights that a converter transposes (`w.T`, as for Conv1D) are silently wrong after an upgrade:
# pass np.ascontiguousarray(w).
#
# Prints for both versions what is read back of views of [[0 1 2 3] [4 5 6 7] [8 9 10 11]].
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > run.py <<'EOF'
import numpy as np
import safetensors
from safetensors.numpy import load, save

print(f"safetensors {safetensors.__version__}")
a = np.arange(12, dtype=np.float32).reshape(3, 4)
views = {
    "a": a,
    "a.T": a.T,
    "a[:, ::2]": a[:, ::2],
    "a[:2, 2:]": a[:2, 2:],
    "ascontiguousarray(a.T)": np.ascontiguousarray(a.T),
}
for name, view in views.items():
    back = load(save({"x": view}))["x"]
    verdict = "right" if np.array_equal(back, view) else "wrong"
    print(f"{name}: {back.astype(int).tolist()} {verdict}")
EOF
python3 -m venv venv
for version in 0.7.0 0.8.0; do
  venv/bin/pip --quiet --disable-pip-version-check install "safetensors==$version" numpy==2.4.6
  venv/bin/python run.py
done | tee got.txt
cat > expected.txt <<'EOF'
safetensors 0.7.0
a: [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]] right
a.T: [[0, 4, 8], [1, 5, 9], [2, 6, 10], [3, 7, 11]] right
a[:, ::2]: [[0, 2], [4, 6], [8, 10]] right
a[:2, 2:]: [[2, 3], [6, 7]] right
ascontiguousarray(a.T): [[0, 4, 8], [1, 5, 9], [2, 6, 10], [3, 7, 11]] right
safetensors 0.8.0
a: [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]] right
a.T: [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]] wrong
a[:, ::2]: [[0, 1], [2, 3], [4, 5]] wrong
a[:2, 2:]: [[2, 3], [4, 5]] wrong
ascontiguousarray(a.T): [[0, 4, 8], [1, 5, 9], [2, 6, 10], [3, 7, 11]] right
EOF
diff expected.txt got.txt
