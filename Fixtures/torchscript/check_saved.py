"""Loads archives that the library has written in real PyTorch and makes the calls of programs.zip on them.

SWIFT_TORCH_SAVED=FOLDER in the environment of the tests keeps the archives that LoadTests.savedAgain writes; then
python Fixtures/torchscript/check_saved.py FOLDER
"""
import io, os, sys, zipfile

import torch

from make import here, plain


def differs(a, b):
    if isinstance(a, torch.Tensor):
        return not torch.allclose(a, b, rtol=1.3e-6, atol=1e-5) if a.shape == b.shape and a.dtype == b.dtype else True
    if isinstance(a, (list, tuple)):
        return len(a) != len(b) or any(differs(x, y) for x, y in zip(a, b))
    if isinstance(a, dict):
        return list(a) != list(b) or any(differs(a[key], b[key]) for key in a)
    return a != b


fixtures = zipfile.ZipFile(os.path.join(here, "programs.zip"))
bad = 0
names = sorted(name[:-3] for name in os.listdir(sys.argv[1]) if name.endswith(".pt"))
for name in names:
    try:
        module = torch.jit.load(os.path.join(sys.argv[1], name + ".pt"))
        for call in torch.load(io.BytesIO(fixtures.read(name + ".io"))):
            torch.manual_seed(0)
            try:
                with torch.no_grad():
                    outputs = plain(getattr(module, call["method"])(*call["arguments"]))
                assert "raises" not in call, "no error"
                assert not differs(outputs, call["outputs"]), f"{call['method']}: {outputs} for {call['outputs']}"
            except torch.jit.Error as error:
                assert str(error).strip().split("\n")[-1] == call.get("raises"), error
    except Exception as error:
        bad += 1
        print(name, type(error).__name__, str(error)[:2000])
print(len(names), "archives,", bad, "bad")
sys.exit(bad > 0)
