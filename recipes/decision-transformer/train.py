"""Trains a small Decision Transformer on data sets of @namm/environments; see README.md.

Goes on from the last checkpoint of its run folder, with the same batches."""

import argparse
import json
import os
import time

import numpy as np
import torch
from data import DataSet, draw
from transformers import DecisionTransformerConfig, DecisionTransformerModel


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stages", required=True, help="FILE:UPDATES:BATCH, one after the other, in quotes, with :CONTEXT where it is another; FILE+FILE for both")
    parser.add_argument("--run", required=True, help="folder for checkpoints and log")
    parser.add_argument("--context", type=int, default=20, help="steps in a window, and what agent.json says of them")
    parser.add_argument("--horizon", type=int, help="steps after which episodes end, in the data and for the agent")
    parser.add_argument("--timesteps", choices=["absolute", "constant"], default="absolute")
    parser.add_argument("--scale", type=float, default=1.0, help="returns are divided by it")
    parser.add_argument("--target", type=float, required=True, help="return to ask for")
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--heads", type=int, default=1)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save-every", type=int, default=100)
    return parser.parse_args()


def config_of(options, info):
    horizon = 1 if options.timesteps == "constant" else 1000
    return DecisionTransformerConfig(
        state_dim=info["observationSize"],
        act_dim=info["actionSize"],
        hidden_size=options.hidden,
        max_ep_len=horizon,
        action_tanh=info["actions"] == "continuous",
        n_positions=1,  # every position id is 0, so only the first row is ever used
        n_layer=options.layers,
        n_head=options.heads,
        activation_function="relu",
        resid_pdrop=options.dropout,
        embd_pdrop=options.dropout,
        attn_pdrop=options.dropout,
        bos_token_id=None,
        eos_token_id=None,
    )


def agent_of(options, sets):
    """What the folder's agent.json says of how to use the model."""
    info = sets[0].info
    if info["actions"] == "continuous":
        mean, deviation = sets[-1].statistics()
    else:
        mean, deviation = np.zeros(info["observationSize"]), np.ones(info["observationSize"])
    return {
        "environment": {**sets[-1].info["environment"], **({"horizon": options.horizon} if options.horizon else {})},
        "actions": info["actions"],
        "mean": mean.tolist(),
        "deviation": deviation.tolist(),
        "returnScale": options.scale,
        "targetReturn": options.target,
        "timesteps": options.timesteps,
        "context": options.context,
        "data": [
            {key: info[key] for key in ("name", "collected", "episodes", "steps", "seed")}
            for info in {info["name"]: info for data in sets for info in data.infos}.values()
        ],
    }


def loss_of(model, data, batch, options, agent, weights):
    states, actions, returns, timesteps, mask = (torch.from_numpy(array) for array in batch)
    states = (states - torch.tensor(agent["mean"]).float()) / torch.tensor(agent["deviation"]).float()
    states = states * mask[..., None]
    if options.timesteps == "constant":
        timesteps = torch.zeros_like(timesteps)
    predicted = model(
        states=states,
        actions=actions,
        rewards=None,
        returns_to_go=returns / options.scale,
        timesteps=timesteps,
        attention_mask=mask,
        return_dict=True,
    ).action_preds[mask > 0]
    done = actions[mask > 0]
    if data.info["actions"] == "continuous":
        return torch.nn.functional.mse_loss(predicted, done), 0.0
    wanted = done.argmax(-1)
    right = (predicted.argmax(-1) == wanted).float()
    rare = weights[wanted] > 1
    share = right[rare].mean().item() if rare.any() else 1.0
    return torch.nn.functional.cross_entropy(predicted, wanted, weight=weights), share


def main():
    options = arguments()
    torch.set_num_threads(1)
    os.makedirs(options.run, exist_ok=True)
    stages = [stage.split(":") for stage in options.stages.split()]
    sets = [DataSet(path, options.horizon) for path, *_ in stages]
    counts = [int(updates) for _, updates, *_ in stages]
    agent = agent_of(options, sets)
    torch.manual_seed(options.seed)
    model = DecisionTransformerModel(config_of(options, sets[0].info))
    optimiser = torch.optim.AdamW(model.parameters(), options.learning_rate, weight_decay=1e-4)
    checkpoint = os.path.join(options.run, "checkpoint.pt")
    done = 0
    if os.path.exists(checkpoint):
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        done = state["done"]
    total = sum(counts)
    begun, first = time.time(), done
    losses, shares = [], []
    model.train()
    while done < total:
        stage = next(i for i in range(len(counts)) if done < sum(counts[: i + 1]))
        data, size = sets[stage], int(stages[stage][2])
        context = int(stages[stage][3]) if len(stages[stage]) > 3 else options.context
        warm = min(1.0, (done + 1) / 100)
        fall = 1.0 if done < 0.7 * total else max(0.02, (total - done) / (0.3 * total))
        for group in optimiser.param_groups:
            group["lr"] = options.learning_rate * warm * fall
        random = np.random.default_rng([options.seed, done])  # the batch of an update, whenever it is made
        weights = torch.from_numpy(data.class_weights())
        loss, share = loss_of(model, data, draw(data, random, size, context), options, agent, weights)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.25)
        optimiser.step()
        done += 1
        losses.append(loss.item())
        shares.append(share)
        if done % options.save_every == 0 or done == total:
            state = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "done": done}
            torch.save(state, checkpoint + ".new")
            os.replace(checkpoint + ".new", checkpoint)
            left = (time.time() - begun) / (done - first) * (total - done)
            line = {"updates": done, "loss": round(float(np.mean(losses)), 5), "rare": round(float(np.mean(shares)), 3)}
            with open(os.path.join(options.run, "log.jsonl"), "a") as log:
                log.write(json.dumps(line) + "\n")
            print(f"{line} {left / 60:.0f} min left", flush=True)
            losses, shares = [], []
    model.eval()
    folder = os.path.join(options.run, "model")
    model.save_pretrained(folder)
    with open(os.path.join(folder, "agent.json"), "w") as file:
        json.dump(agent, file, indent=1)
        file.write("\n")


main()
