"""Prints the results of evaluate.py as the tables of the model card."""

import argparse
import json
from pathlib import Path


def cell(entry: dict) -> str:
    low, high = entry["interval"]
    return f"{entry['em']:.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="jsonl that evaluate.py wrote")
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.results.read_text().splitlines()]
    settings: dict[tuple, dict[str, dict]] = {}
    for row in rows:
        key = (row["length"], row["factor"], row["alpha"], row["logit_factor"])
        settings.setdefault(key, {})[row["cache"]] = row
    names = list(rows[0]["families"])

    print("| tokens | NTK alpha | logit factor | full cache | fact oracle | oracle / full | prompts per family |")
    print("|---|---|---|---|---|---|---|")
    for (length, factor, alpha, logit_factor), caches in sorted(settings.items()):
        full, oracle = caches.get("full"), caches.get("oracle")
        prompts = min(entry["prompts"] for entry in next(iter(caches.values()))["families"].values())
        ratio = f"{oracle['em'] / full['em']:.2f}" if full and oracle and full["em"] else "–"
        shown = "–" if factor <= 1 else f"{alpha:g}"
        print(
            f"| {length:,} (×{factor:g}) | {shown} | {logit_factor:g} | {cell(full) if full else '–'} "
            f"| {cell(oracle) if oracle else '–'} | {ratio} | {prompts} |"
        )

    print(f"\n| tokens | alpha, logits | cache | {' | '.join(names)} |")
    print("|---|---|---|" + "---|" * len(names))
    for (length, factor, alpha, logit_factor), caches in sorted(settings.items()):
        shown = "–" if factor <= 1 else f"{alpha:g}, {logit_factor:g}"
        for cache, row in caches.items():
            cells = " | ".join(cell(row["families"][name]) for name in names)
            print(f"| {length:,} | {shown} | {cache} | {cells} |")


if __name__ == "__main__":
    main()
