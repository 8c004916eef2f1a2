"""Makes the TorchScript archives of this folder with real PyTorch, with the results that PyTorch gets from them.

Run with a Python that has torch and torchvision: python Fixtures/torchscript/make.py [modules] [programs] [training]
[silero] [versions]

modules.zip has every class of torch.nn (cases.py) scripted and traced: NAME.script.pt, NAME.trace.pt and NAME.io. Classes
that torch.jit.script or torch.jit.trace refuses have no such file. Their archives are without debug files, to be small.
versions.zip has programs of older versions of the format (versions.py).
programs.zip has programs (programs.py) as torch.jit.save writes them, NAME.pt and NAME.io.
training.pt is what three steps of training the program `classifier` make of it.
silero.pt has the probabilities of silero_vad.jit, which is the file of that name in the PyPI package silero-vad 6.2.3
(https://github.com/snakers4/silero-vad, MIT license), for a sound that silero.py describes.
An .io file is a checkpoint: [{"method", "arguments", "outputs"}, ...], calls one after another on one loaded module.
"""
import io, os, sys, warnings, zipfile
import torch

warnings.filterwarnings("ignore")
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
torch.set_num_threads(1)
import cases, programs, silero, versions


def archive(module, extra_files=None):
    buffer = io.BytesIO()
    torch.jit.save(module, buffer, _extra_files=extra_files)
    return buffer.getvalue()


def repacked(data, folder=None, keep=lambda name: True, change=lambda name, data: data, add=(), compress=None):
    """The archive with other entries: `folder` renames its top-level folder, `change` maps contents."""
    source, buffer = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for entry in source.infolist():
            top, name = entry.filename.split("/", 1)
            if not keep(name):
                continue
            info = zipfile.ZipInfo(f"{folder or top}/{name}")
            info.compress_type = entry.compress_type if compress is None else compress
            target.writestr(info, change(name, source.read(entry)))
        for name, text in add:
            target.writestr(zipfile.ZipInfo(f"{folder or top}/{name}"), text)
    return buffer.getvalue()


def without_debug_files(data):
    return repacked(data, keep=lambda name: not name.endswith(".debug_pkl"), compress=zipfile.ZIP_STORED)


def plain(value):
    """A value as checkpoints hold it: named tuples as tuples, enum members as their values."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return getattr(value, "value", value)


def saved(value):
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def run(data, calls):
    """The results of `calls` [(method, arguments)] on the module in the archive `data`."""
    module = torch.jit.load(io.BytesIO(data))
    results = []
    for method, arguments in calls:
        torch.manual_seed(0)
        given = plain(arguments)
        try:
            with torch.no_grad():
                outputs = plain(getattr(module, method)(*arguments))
            results.append({"method": method, "arguments": given, "outputs": outputs})
        except RuntimeError as error:
            results.append({"method": method, "arguments": given, "raises": str(error).strip().split("\n")[-1]})
    return results


class Files:
    def __init__(self, name):
        self.zip = zipfile.ZipFile(os.path.join(here, name), "w")

    def add(self, name, data):
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED
        self.zip.writestr(info, data, compresslevel=9)


def make_modules():
    files = Files("modules.zip")
    names = {name: (name, False) for name in cases.modules} | {name: (of, True) for name, of in cases.training.items()}
    for name, (of, training) in names.items():
        make, arguments = cases.modules[of]
        torch.manual_seed(1)
        module = make().train(training)
        results, refused = None, []
        for kind in ("script", "trace"):
            try:
                made = torch.jit.script(module) if kind == "script" else torch.jit.trace(module, arguments, check_trace=False)
            except Exception as error:
                refused.append(f"{kind}: {str(error).strip().splitlines()[0][:90]}")
                continue
            data = without_debug_files(archive(made))
            files.add(f"{name}.{kind}.pt", data)
            results = results or run(data, [("forward", arguments)])
        if results:
            files.add(f"{name}.io", saved(results))
        if refused:
            print(name, refused)
    files.zip.close()


def make_programs():
    files = Files("programs.zip")
    for name, (module, calls) in programs.programs().items():
        data = module if isinstance(module, bytes) else archive(module)
        files.add(f"{name}.pt", data)
        files.add(f"{name}.io", saved(run(data, calls)))
    files.zip.close()


def make_versions():
    files = Files("versions.zip")
    for name, (module, version, replacements, calls) in versions.versions().items():
        def change(entry, data):
            if entry.split("/")[-1] == "version":
                return str(version).encode() + b"\n"
            if entry.startswith("code/"):
                for old, new in replacements.items():
                    data = data.replace(old.encode(), new.encode())
            return data
        data = repacked(archive(torch.jit.script(module)), keep=lambda entry: not entry.endswith(".debug_pkl"),
                        change=change)
        files.add(f"{name}.pt", data)
        files.add(f"{name}.io", saved(run(data, calls)))
    files.zip.close()


def make_training():
    """Three steps of SGD on the loaded classifier: losses and the state dict after them."""
    source = zipfile.ZipFile(os.path.join(here, "programs.zip"))
    module = torch.jit.load(io.BytesIO(source.read("classifier.pt")))
    x, target = torch.load(io.BytesIO(source.read("classifier.io")))[0]["arguments"]
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9)
    losses = []
    for _ in range(3):
        optimizer.zero_grad()
        loss = module(x, target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    torch.save({"losses": losses, "state": dict(module.state_dict())}, os.path.join(here, "training.pt"))


def make_silero():
    torch.save(silero.probabilities(os.path.join(here, "silero_vad.jit")), os.path.join(here, "silero.pt"))


if __name__ == "__main__":
    parts = {"modules": make_modules, "programs": make_programs, "training": make_training, "silero": make_silero,
             "versions": make_versions}
    for part in sys.argv[1:] or parts:
        parts[part]()
