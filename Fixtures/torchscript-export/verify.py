"""Runs TorchScript archives that were written by SwiftTorch in real PyTorch, and compares their results.

    TORCHSCRIPT_EXPORT=DIR swift test --filter ExportTests      # writes DIR/NAME.pt and DIR/NAME.data.pt
    python verify.py DIR

NAME.data.pt has "runs" (each "inputs" and "outputs"), "state" (the state dict of the module) and "random", with which
only shapes are compared, because other numbers are drawn. Every run is made with gradients off and on.
Prints what differs, and counts.
"""

import io
import multiprocessing
import pathlib
import sys
import warnings

import torch

torch.set_num_threads(1)
warnings.filterwarnings("ignore")


def flat(value):
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        return [t for v in value.values() for t in flat(v)]
    if isinstance(value, (list, tuple)):
        return [t for v in value for t in flat(v)]
    return []


def check(path):
    module = torch.jit.load(str(path))
    data = torch.load(str(path.with_suffix("")) + ".data.pt")
    state = module.state_dict()
    if list(state) != list(data["state"]):
        return f"the state dict has the keys {list(state)} for {list(data['state'])}"
    for key, value in state.items():
        torch.testing.assert_close(value, data["state"][key], rtol=0, atol=0, msg=f"{key} differs")
    # Frozen modules have no such attribute.
    if any(getattr(m, "training", False) for m in module.modules()):
        return "it is in training mode"
    runs = data["runs"]
    for run, grad in [(run, grad) for run in runs for grad in (False, True)]:
        with torch.set_grad_enabled(grad):
            actual = flat(module(*run["inputs"]))
        expected = run["outputs"]
        if len(actual) != len(expected):
            return f"{len(actual)} outputs for {len(expected)}"
        for a, b in zip(actual, expected):
            if a.shape != b.shape:
                return f"shape {tuple(a.shape)} for {tuple(b.shape)}"
            if not data["random"]:
                torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
    # What is written again must be readable too.
    buffer = io.BytesIO()
    torch.jit.save(module, buffer)
    torch.jit.load(io.BytesIO(buffer.getvalue()))
    return None


def report(path, pipe):
    try:
        pipe.send(check(path))
    except Exception as error:
        lines = str(error).strip().splitlines()
        pipe.send(f"{type(error).__name__}: {lines[-1] if lines else error}")


def apart(path):
    """Checks in a process of its own, so that a crash is a failure of one archive."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=report, args=(path, there))
    process.start()
    process.join()
    return here.recv() if here.poll() else f"the process ended with {process.exitcode}"


def main():
    paths = sorted(p for p in pathlib.Path(sys.argv[1]).glob("*.pt") if not p.name.endswith(".data.pt"))
    # What PyTorch imports at the first use is imported once, not in each process.
    torch.testing.assert_close(torch.ones(1), torch.ones(1))
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), buffer)
    torch.jit.load(io.BytesIO(buffer.getvalue()))(torch.ones(1))
    failures = 0
    for path in paths:
        problem = apart(path)
        if problem:
            failures += 1
            print(f"{path.stem}: {problem}"[:400])
    print(f"{len(paths) - failures} of {len(paths)} archives run in PyTorch {torch.__version__} with equal results")
    sys.exit(failures > 0)


main()
