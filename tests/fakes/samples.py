"""Answers of a model that fit the JSON schema of a request, and such that do not."""

from __future__ import annotations

import json
import re
from typing import Any

UNKNOWN = "h9999"
ID = re.compile(r'"id": ?"([a-z]+\d+)"')


def sample(schema: dict[str, Any], text: str = "", *, unknown: bool = False) -> Any:
    """The dullest value that fits. Lists of texts hold the first id in `text` (or one that is not in
    it), lists of objects are empty.
    """
    found = ID.search(text)
    name = UNKNOWN if unknown else found[1] if found else "h1"
    return _value(schema, schema, name)


def _value(node: dict[str, Any], whole: dict[str, Any], name: str) -> Any:
    if "$ref" in node:
        return _value(whole["$defs"][node["$ref"].rpartition("/")[2]], whole, name)
    if "enum" in node:
        return node["enum"][0]
    match node.get("type"):
        case "object":
            return {key: _value(one, whole, name) for key, one in node["properties"].items()}
        case "array":
            return [name] if node["items"].get("type") == "string" else []
        case "number":
            return 0.5
        case "integer":
            return 1
        case "boolean":
            return False
    return "because"


def wrong_enum(value: Any) -> Any:
    """The first word in capitals, or the first of an enum, as one that no schema knows."""
    if isinstance(value, dict):
        keys = [key for key in ("decision", "thesis_status", "direction") if key in value]
        return {**value, keys[0] if keys else next(iter(value)): "BUY" if keys else 7}
    return value


def spoiled(kind: str, value: Any) -> str:
    """The text of an answer that is wrong in the way of `kind`; a good one for every other kind."""
    text = json.dumps(value)
    match kind:
        case "fenced":
            return f"```json\n{text}\n```"
        case "prose":
            return f"Here is my decision: {text}"
        case "invalid_json":
            return text.replace(":", "=", 1)
        case "truncated":
            return text[: len(text) // 2]
        case "wrong_enum":
            return json.dumps(wrong_enum(value))
        case "extra_field":
            return json.dumps({**value, "amount": 100})
        case "missing_field":
            return json.dumps(dict(list(value.items())[:-1]))
        case "surrogate":
            return text[:-1] + ',"x":"\\ud800"}'
    return text
