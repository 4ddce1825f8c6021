"""Renders templates with transformers and records what comes out, for the tests of the chat templates."""

import json
import sys
from pathlib import Path

from transformers.utils import chat_template_utils
from transformers.utils.chat_template_utils import render_jinja_template

here = Path(__file__).parent
target = Path(sys.argv[1]) if len(sys.argv) > 1 else here / "../../packages/decoder/src/text/__fixtures__/chat-templates.json"

variables = json.loads((here / "variables.json").read_text(encoding="utf-8"))
expressions = json.loads((here / "expressions.json").read_text(encoding="utf-8"))
conversations = json.loads((here / "conversations.json").read_text(encoding="utf-8"))
templates = {path.stem: path.read_text(encoding="utf-8") for path in sorted((here / "templates").glob("*.jinja"))}


class Day(chat_template_utils.datetime):
    """Today, the same at each run."""

    @classmethod
    def now(cls, tz=None):
        return cls(2026, 3, 7, 9, 5, 6)


chat_template_utils.datetime = Day


def render(template, messages, **others):
    """What transformers makes of a template, or the error that it raises."""
    try:
        [text], _ = render_jinja_template(conversations=[messages], chat_template=template, **others)
        # Python prints where some objects are in memory, which is another place at each run.
        return {"error": "MemoryAddress"} if " at 0x" in text else {"expected": text}
    except Exception as error:  # whatever a template raises is to be recorded
        return {"error": type(error).__name__}


def expression_case(template):
    messages = variables["messages"]
    others = {name: value for name, value in variables.items() if name != "messages"}
    return {"template": template, **render(template, messages, **others)}


def conversation_case(name, conversation):
    others = {key: value for key, value in conversation.items() if key not in ("name", "messages")}
    options = {"bos_token": "<s>", "eos_token": "</s>", **others}
    result = render(templates[name], conversation["messages"], **options)
    return {"template": name, "conversation": conversation["name"], **result}


fixture = {
    "date": [2026, 3, 7, 9, 5, 6],
    "variables": variables,
    "expressions": [expression_case(template) for template in expressions],
    "templates": templates,
    "conversations": conversations,
    "rendered": [conversation_case(name, one) for name in templates for one in conversations],
}
target.write_text(json.dumps(fixture, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
print(f"{len(fixture['expressions'])} expressions, {len(fixture['rendered'])} conversations")
for case in fixture["expressions"] + fixture["rendered"]:
    if "error" in case:
        print(case["error"], json.dumps(case.get("conversation", "") + " " + case["template"], ensure_ascii=False))
