#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""usage: … inspect X | missing.py FILE.keys      prints the keys of FILE that X lacks."""
import json
import sys


def has(value, path):
    for key in path.split("."):
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True


thing = json.load(sys.stdin)[0]
with open(sys.argv[1]) as f:
    print("\n".join(k for k in f.read().split() if not has(thing, k)), end="")
