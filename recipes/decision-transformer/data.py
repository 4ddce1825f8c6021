"""Data sets of @namm/environments, as episodes to draw windows from."""

import json

import numpy as np
from safetensors import safe_open


NAMES = ("observations", "actions", "rewards", "terminals", "timeouts")


def read(path):
    """What a file says of itself, and its arrays."""
    with safe_open(path, framework="np") as file:
        metadata = file.metadata()
        if metadata.get("format") != "namm-episodes-1":
            raise SystemExit(f"{path}: is no data set of @namm/environments")
        return json.loads(metadata["info"]), {name: file.get_tensor(name) for name in NAMES}


class DataSet:
    """All episodes of a file, or of several joined by +. A recording that was cut has no end and is left out.

    With a horizon, they end after so many steps.
    """

    def __init__(self, paths, horizon=None):
        files = [read(path) for path in paths.split("+")]
        self.infos = [info for info, _ in files]
        self.info = self.infos[0]
        arrays = {name: np.concatenate([tensors[name] for _, tensors in files]) for name in NAMES}
        ends = np.flatnonzero((arrays["terminals"] + arrays["timeouts"]) > 0) + 1
        starts = np.concatenate([[0], ends[:-1]])
        self.observations = arrays["observations"]
        self.actions = arrays["actions"]
        if horizon is not None:
            ends = np.minimum(ends, starts + horizon)
        self.starts, self.lengths = starts, ends - starts
        # What was still to come, the reward of the step itself included.
        self.returns = np.zeros_like(arrays["rewards"])
        for start, end in zip(starts, ends):
            self.returns[start:end] = np.cumsum(arrays["rewards"][start:end][::-1])[::-1]

    def statistics(self):
        """Mean and deviation of the observations, as the published models have them."""
        steps = np.concatenate([np.arange(start, start + length) for start, length in zip(self.starts, self.lengths)])
        values = self.observations[steps].astype(np.float64)
        return values.mean(0), values.std(0) + 1e-6

    def class_weights(self):
        """What the loss of each discrete action is weighed with, so that rare ones count as much as others."""
        share = self.actions.mean(0)
        return np.where(share > 0, 1 / np.maximum(share, 1e-9) / np.count_nonzero(share), 0).astype(np.float32)


def draw(data, random, batch, context):
    """Windows of up to `context` steps, as arrays padded on the left: states, actions, returns, timesteps, mask.

    Episodes are drawn as often as they are long, and windows begin anywhere in them; with a context as long as the
    episodes, every window is a whole one, so that whatever was shown at its beginning is in it.
    """
    whole = context >= data.lengths.max()
    share = data.lengths / data.lengths.sum()
    chosen = random.choice(len(data.lengths), size=batch, p=share)
    spans = []
    for episode in chosen:
        start, length = data.starts[episode], data.lengths[episode]
        first = 0 if whole else random.integers(length)
        spans.append((start + first, start + min(first + context, length), first))
    size = max(end - start for start, end, _ in spans)
    states = np.zeros((batch, size, data.observations.shape[1]), np.float32)
    actions = np.zeros((batch, size, data.actions.shape[1]), np.float32)
    returns = np.zeros((batch, size, 1), np.float32)
    timesteps = np.zeros((batch, size), np.int64)
    mask = np.zeros((batch, size), np.int64)
    for i, (start, end, first) in enumerate(spans):
        length = end - start
        states[i, size - length :] = data.observations[start:end]
        actions[i, size - length :] = data.actions[start:end]
        returns[i, size - length :, 0] = data.returns[start:end]
        timesteps[i, size - length :] = np.arange(first, first + length)
        mask[i, size - length :] = 1
    return states, actions, returns, timesteps, mask
