"""What real PyTorch makes of small TorchScript programs: results, changed arguments, messages.

Each program of programs/ is scripted and called; cases.json has the source, the calls and what came of them.
archives.zip has the programs as torch.jit.save writes them, whose text is not the source.
"""

import importlib.util
import io
import json
import os
import re
import sys
import tempfile
import warnings
import zipfile

import torch

from programs import ERRORS, PROGRAMS

warnings.filterwarnings("ignore")
HEADER = """import math
import warnings
from enum import Enum
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union
import torch
import torch.nn.functional as F
from torch import Tensor

"""


def encode(value):
    if value is None:
        return {"none": True}
    if isinstance(value, torch.Tensor):
        return {"tensor": [v for v in value.detach().reshape(-1).double().tolist()], "shape": list(value.shape),
                "dtype": str(value.dtype)[6:]}
    if isinstance(value, bool):
        return {"bool": value}
    if isinstance(value, int):
        return {"int": value}
    if isinstance(value, float):
        return {"float": repr(value)}
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    if isinstance(value, str):
        return {"str": value}
    if isinstance(value, torch.device):
        return {"str": str(value)}
    if isinstance(value, list):
        return {"list": [encode(v) for v in value]}
    if isinstance(value, tuple):
        return {"tuple": [encode(v) for v in value]}
    if isinstance(value, dict):
        return {"dict": [[encode(k), encode(v)] for k, v in value.items()]}
    raise TypeError(type(value))


def load(source, name):
    path = os.path.join(tempfile.mkdtemp(), name + ".py")
    with open(path, "w") as file:
        file.write(HEADER + source)
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    # Classes are found by the name of their module.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def arguments(text):
    return list(eval("(" + text + ("," if text else "") + ")", {"torch": torch}))


def archive(function):
    """The function in an archive without debug files."""
    buffer, small = io.BytesIO(), io.BytesIO()
    torch.jit.save(function, buffer)
    source = zipfile.ZipFile(buffer)
    with zipfile.ZipFile(small, "w") as target:
        for entry in source.infolist():
            if not entry.filename.endswith(".debug_pkl"):
                target.writestr(zipfile.ZipInfo(entry.filename), source.read(entry))
    return small.getvalue()


def run(name, source, calls, archives):
    module = load(source, name)
    function = torch.jit.script(module.f)
    try:
        info = zipfile.ZipInfo(name + ".pt")
        info.compress_type = zipfile.ZIP_DEFLATED
        archives.writestr(info, archive(function))
    except Exception as error:
        print("not saved:", name, str(error).strip().split("\n")[-1][:200])
    results = []
    for call in calls:
        torch.manual_seed(0)
        given = arguments(call)
        result = {"arguments": [encode(v) for v in given]}
        try:
            result["result"] = encode(function(*given))
            # Lists and dictionaries of Python are copied on the way in.
            result["after"] = [encode(v) if isinstance(v, torch.Tensor) else None for v in given]
        except Exception as error:
            # The last line says what has been raised.
            line = [line for line in str(error).strip().split("\n") if line][-1]
            result["raised"] = re.sub(r"^[A-Za-z.]+(Error|Exception): ", "", line)
        results.append(result)
    return {"name": name, "source": source, "calls": results}


def refused(name, source):
    # The compiler for text, which knows nothing of Python around it.
    try:
        torch.jit.CompilationUnit(source)
    except Exception as error:
        lines = [line.strip() for line in str(error).strip().split("\n")]
        message = []
        for line in lines:
            if line.startswith("File "):
                break
            if line:
                message.append(line)
        return {"name": name, "source": source, "message": message}
    raise AssertionError(f"{name} is not refused")


if __name__ == "__main__":
    cases = []
    archives = zipfile.ZipFile("archives.zip", "w")
    for name, (source, calls) in PROGRAMS.items():
        try:
            cases.append(run(name, source, calls, archives))
        except Exception as error:
            print("not scripted:", name, str(error)[:600])
    archives.close()
    errors = [refused(name, source) for name, source in ERRORS.items()]
    with open("cases.json", "w") as file:
        json.dump({"programs": cases, "errors": errors}, file, indent=0)
    print(len(cases), "programs", sum(len(c["calls"]) for c in cases), "calls", len(errors), "errors")
