"""Steps of a Decision Transformer in PyTorch: what `measure episodes` compares with.

Reads requests from standard input, one line of JSON each, and answers each with one line of JSON.
"""

import json
import os
import sys

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before torch is loaded

import time

import torch
import transformers
from transformers import DecisionTransformerModel, DynamicCache

torch.set_num_threads(1)
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()


class Cached:
    """The layers of transformers over its own cache, of the whole episode or its newest tokens."""

    def __init__(self, model: DecisionTransformerModel, target: float, tokens: int | None) -> None:
        self.model = model
        self.cache = DynamicCache(config=model.encoder.config)
        self.target = target
        self.tokens = tokens
        self.action = None

    def act(self, state: torch.Tensor, timestep: int) -> torch.Tensor:
        model = self.model
        time_of = lambda step: model.embed_timestep(torch.tensor(step))
        rows = [
            model.embed_return(torch.tensor([self.target])) + time_of(timestep),
            model.embed_state(state) + time_of(timestep),
        ]
        if self.action is not None:
            rows.insert(0, model.embed_action(self.action) + time_of(timestep - 1))
        rows = model.embed_ln(torch.stack(rows))[None]
        positions = torch.zeros(rows.shape[:2], dtype=torch.long)
        output = model.encoder(
            inputs_embeds=rows, past_key_values=self.cache, position_ids=positions, use_cache=True
        )
        if self.tokens is not None:
            for layer in self.cache.layers:
                layer.keys = layer.keys[:, :, -self.tokens :]
                layer.values = layer.values[:, :, -self.tokens :]
        self.action = model.predict_action(output.last_hidden_state[0, -1])
        return self.action


class Window:
    """The newest steps computed anew, as the published code does, padding included."""

    def __init__(self, model: DecisionTransformerModel, target: float, steps: int) -> None:
        config = model.config
        self.model = model
        self.steps = steps
        self.states = torch.zeros(1, steps, config.state_dim)
        self.actions = torch.zeros(1, steps, config.act_dim)
        self.returns = torch.zeros(1, steps, 1)
        self.timesteps = torch.zeros(1, steps, dtype=torch.long)
        self.mask = torch.zeros(1, steps, dtype=torch.long)
        self.target = target

    def act(self, state: torch.Tensor, timestep: int) -> torch.Tensor:
        for name in ("states", "actions", "returns", "timesteps", "mask"):
            setattr(self, name, getattr(self, name).roll(-1, 1))
        self.states[0, -1] = state
        self.actions[0, -1] = 0
        self.returns[0, -1] = self.target
        self.timesteps[0, -1] = timestep
        self.mask[0, -1] = 1
        _, actions, _ = self.model(
            states=self.states,
            actions=self.actions,
            returns_to_go=self.returns,
            timesteps=self.timesteps,
            attention_mask=self.mask,
            return_dict=False,
        )
        self.actions[0, -1] = actions[0, -1]
        return actions[0, -1]


@torch.inference_mode()
def play(model, request) -> dict:
    states = torch.tensor(request["states"]).view(-1, model.config.state_dim)
    target, step_return = request["target"], request["reward"]
    if request["kept"] == "window":
        agent = Window(model, target, request["steps"])
    else:
        period = 3
        tokens = request["steps"] * period - 1 if request["kept"] == "newest" else None
        agent = Cached(model, target, tokens)
    actions = []
    start, cpu = time.perf_counter(), time.process_time()
    for timestep, state in enumerate(states):
        actions.append(agent.act(state, timestep))
        agent.target -= step_return
    seconds = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - start}
    return {**seconds, "actions": torch.stack(actions).flatten().tolist()}


def main() -> None:
    model = None
    for line in sys.stdin:
        request = json.loads(line)
        if request["kind"] == "load":
            model = DecisionTransformerModel.from_pretrained(request["folder"]).eval()
            answer = {"name": f"PyTorch {torch.__version__}, transformers {transformers.__version__}"}
        else:
            answer = play(model, request)
        print(json.dumps(answer), flush=True)


main()
