# SPDX-License-Identifier: LGPL-2.1-or-later
"""JSON from outside.

Python's parser recurses on the thread's own stack, and what it takes for too deep differs between
versions: 3.13 ends by a signal before it says so. So the depth is known before anything is parsed.
"""

import json
import re

MOST_DEEP = 100
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_STEP = {"[": 1, "{": 1, "]": -1, "}": -1}


def _depth(text):
    deepest = depth = 0
    for bracket in re.findall(r"[][{}]", _STRING.sub("", text)):
        depth += _STEP[bracket]
        deepest = max(deepest, depth)
    return deepest


def json_value(text, **how):
    """As json.loads, of which it has the arguments; too deep is a ValueError as any other mistake."""
    if isinstance(text, (bytes, bytearray)):
        text = text.decode(json.detect_encoding(text), "surrogatepass")
    if _depth(text) > MOST_DEEP:
        raise ValueError(f"nested more than {MOST_DEEP} deep")
    return json.loads(text, **how)
