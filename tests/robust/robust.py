# SPDX-License-Identifier: Apache-2.0
"""`import robust`: the script run as a module, for those that it starts in a process of their own.
Their environment is the one that it gave them, and they have no folder beside it."""
import importlib.machinery
import importlib.util
import os
import sys

_loader = importlib.machinery.SourceFileLoader(
    __name__, os.path.join(os.path.dirname(os.path.abspath(__file__)), "run"))
_run = importlib.util.module_from_spec(importlib.util.spec_from_loader(__name__, _loader))
_loader.exec_module(_run)
os.rmdir(_run.WORK)
_run.ENV = os.environ
sys.modules[__name__] = _run
