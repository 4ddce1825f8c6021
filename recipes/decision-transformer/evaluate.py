"""Runs a trained model in its environment: every step recomputes a window of the last `context` steps, as published."""

import argparse
import json
import os
import subprocess

import numpy as np
import torch
from transformers import DecisionTransformerModel


class Environment:
    """An environment of @namm/environments, in a process of its own."""

    def __init__(self, settings):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "environment-server.mjs")
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(["node", script, json.dumps(settings)], stdin=pipe, stdout=pipe, text=True)

    def ask(self, question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def episode(model, agent, environment, seed, context, target):
    observation = environment.ask({"reset": seed})["observation"]
    states, actions, returns, total, over = [], [], [target], 0.0, False
    mean, deviation = np.array(agent["mean"]), np.array(agent["deviation"])
    while not over:
        states.append((np.array(observation) - mean) / deviation)
        actions.append(np.zeros(model.config.act_dim))  # what is to be predicted
        first = max(0, len(states) - context)
        steps = np.arange(first, len(states)) if agent["timesteps"] == "absolute" else np.zeros(len(states) - first)
        with torch.no_grad():
            output = model(
                states=torch.tensor(np.array(states[first:]))[None].float(),
                actions=torch.tensor(np.array(actions[first:]))[None].float(),
                rewards=None,
                returns_to_go=torch.tensor(returns[first:])[None, :, None].float() / agent["returnScale"],
                timesteps=torch.tensor(steps)[None].long(),
                attention_mask=torch.ones(1, len(states) - first),
                return_dict=True,
            )
        answer = environment.ask({"action": output.action_preds[0, -1].tolist()})
        actions[-1] = np.array(answer["action"])
        observation, over = answer["observation"], answer["over"]
        total += answer["reward"]
        returns.append(returns[-1] - answer["reward"])
    return total, len(states)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="folder with config.json and agent.json")
    parser.add_argument("--episodes", type=int, default=20)
    parser.add_argument("--context", type=int, help="steps in the window; by default that of the training")
    parser.add_argument("--target", type=float, help="return to ask for; by default that of agent.json")
    parser.add_argument("--environment", help="settings as JSON, if others than those of the training")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = DecisionTransformerModel.from_pretrained(options.model).eval()
    with open(os.path.join(options.model, "agent.json")) as file:
        agent = json.load(file)
    environment = Environment(json.loads(options.environment) if options.environment else agent["environment"])
    context = options.context or agent["context"]
    target = agent["targetReturn"] if options.target is None else options.target
    returns = []
    for seed in range(options.episodes):
        total, length = episode(model, agent, environment, seed, context, target)
        returns.append(total)
        print(f"seed {seed}: return {total:.3f} in {length} steps", flush=True)
    error = np.std(returns, ddof=1) / np.sqrt(len(returns)) if len(returns) > 1 else float("nan")
    print(f"mean {np.mean(returns):.3f} ± {error:.3f} (standard error), {len(returns)} episodes")


main()
