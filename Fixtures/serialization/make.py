"""Makes the files of this folder with real PyTorch, NumPy and safetensors.

Beside each file `x.pt` stands `x.pt.txt`, a canonical description of what it holds that the tests compare letter by
letter with what the Swift readers find (see `describe`). Run it as `python make.py`; equal versions of the libraries
make equal files, the legacy ones aside, whose storage keys are addresses.
"""

import collections
import io
import json
import os
import struct
import zipfile

import numpy as np
import safetensors.torch
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
os.chdir(HERE)
torch.manual_seed(0)


def bits(value):
    return struct.pack(">d", value).hex()


def raw(tensor):
    """The row-major elements of `tensor` as hexadecimal digits."""
    tensor = tensor.detach().resolve_conj().resolve_neg().contiguous()
    return bytes(tensor.reshape(-1).view(torch.uint8).tolist()).hex() if tensor.numel() else ""


class Describer:
    """One line a value, indented by its depth. Storages are numbered as they are met."""

    def __init__(self):
        self.lines, self.storages, self.alive = [], {}, []

    def key(self, k):
        if isinstance(k, bool):
            return "bool " + str(k)
        if isinstance(k, int):
            return f"int {k}"
        if isinstance(k, float):
            return f"float {bits(k)}"
        if isinstance(k, str):
            return "str " + k.encode().hex()
        if isinstance(k, tuple):
            return "tuple(" + ", ".join(map(self.key, k)) + ")"
        assert k is None
        return "None"

    def put(self, depth, text):
        self.lines.append("  " * depth + text)

    def value(self, v, depth=0):
        put = lambda text: self.put(depth, text)
        if isinstance(v, np.ndarray):
            v = torch.from_numpy(v.astype(v.dtype.newbyteorder("=")))
            if v.numel() == 0:  # NumPy gives empty arrays other strides
                v = torch.empty_like(v, memory_format=torch.contiguous_format)
        if isinstance(v, np.generic):
            v = v.item()
        if isinstance(v, torch.Tensor):
            self.alive.append(v.untyped_storage())  # so that addresses stay different
            key = (v.untyped_storage()._cdata, v.is_conj(), v.is_neg())
            storage = self.storages.setdefault(key, len(self.storages))
            name = "parameter" if isinstance(v, torch.nn.Parameter) else "tensor"
            put(
                f"{name} {v.dtype} {list(v.shape)} {list(v.stride())} offset {v.storage_offset()} "
                f"storage {storage} grad {v.requires_grad} {raw(v)}"
            )
        elif v is None or isinstance(v, bool):
            put(str(v))
        elif isinstance(v, int):
            put(f"int {v}")
        elif isinstance(v, float):
            put(f"float {bits(v)}")
        elif isinstance(v, complex):
            put(f"complex {bits(v.real)} {bits(v.imag)}")
        elif isinstance(v, str):
            put("str " + v.encode().hex())
        elif isinstance(v, (bytes, bytearray)):
            put("bytes " + bytes(v).hex())
        elif isinstance(v, torch.Size):
            put(f"size {list(v)}")
        elif isinstance(v, torch.dtype):
            put(str(v))
        elif isinstance(v, torch.device):
            put(f"device {v}")
        elif isinstance(v, dict):
            put("OrderedDict" if isinstance(v, collections.OrderedDict) else "dict")
            for k, item in v.items():
                self.put(depth + 1, self.key(k) + ":")
                self.value(item, depth + 2)
            for k, item in getattr(v, "__dict__", {}).items():
                self.put(depth + 1, "attribute " + self.key(k) + ":")
                self.value(item, depth + 2)
        elif isinstance(v, (list, tuple, set, frozenset)):
            put({list: "list", tuple: "tuple"}.get(type(v), "set"))
            for item in sorted(v) if isinstance(v, (set, frozenset)) else v:
                self.value(item, depth + 1)
        else:
            raise TypeError(type(v))


def describe(path, value):
    describer = Describer()
    describer.value(value)
    with open(path + ".txt", "w") as f:
        f.write("\n".join(describer.lines) + "\n")


def saved(value):
    """The bytes of a checkpoint."""
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def save(path, value, **options):
    torch.save(value, path, **options)
    describe(path, value)


# ---- torch.save

model = torch.nn.Sequential(
    collections.OrderedDict(
        conv=torch.nn.Conv2d(1, 2, 3), norm=torch.nn.BatchNorm2d(2), flat=torch.nn.Flatten(), fc=torch.nn.Linear(8, 3)
    )
)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
model(torch.randn(2, 1, 4, 4)).square().mean().backward()
optimizer.step()

DTYPES = [
    torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.bfloat16,
    torch.float32, torch.float64, torch.complex64, torch.complex128,
]  # fmt: skip


def sample(dtype):
    if dtype.is_complex:
        return torch.tensor([[1 + 2j, -0.5j], [float("nan"), 3]], dtype=dtype)
    if dtype.is_floating_point:
        return torch.tensor([[1.5, -2.25], [float("inf"), -0.0]], dtype=dtype)
    return torch.tensor([[0, 1], [100, 1]], dtype=dtype)


every = {str(d): sample(d) for d in DTYPES}
every |= {"scalar": torch.tensor(3.5), "empty": torch.empty(0, 3), "cube": torch.arange(24).reshape(2, 3, 4)}

base = torch.arange(12.0)
weight = torch.nn.Parameter(torch.ones(2, 2))
views = {
    "base": base, "rows": base.view(3, 4), "columns": base.view(3, 4).t(), "tail": base[5:], "step": base[1::3],
    "expanded": base[2:3].expand(4, 5), "parameter": weight, "tied": weight, "frozen": torch.nn.Parameter(base[:2], False),
    "leaf": torch.ones(2, requires_grad=True), "other": torch.arange(12.0),
    "conjugate": torch.tensor([1 + 2j, 3 - 4j]).conj(), "negative": torch._neg_view(torch.tensor([1.0, -2.0])),
}  # fmt: skip

shared = [1, 2]
nested = {
    "none": None, "flags": [True, False], "ints": [0, 255, 256, 65536, -1, 2**31, -(2**63), 2**63, -(2**70), 2**200],
    "floats": [0.1, float("inf"), -0.0], "text": ["", "naïve ☃", "a\nb"], "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
    "sets": {3, 1, 2}, "bytes": [b"", b"abc\xff\x00"], "complex": 1 - 2j, "size": torch.Size([2, 0, 3]),
    "dtype": torch.bfloat16, "device": torch.device("cuda", 1), 7: {(1, "a"): {None: 0}, 2.5: [], True: {}},
    "ordered": collections.OrderedDict([("z", torch.ones(1)), ("a", [])]), "shared": [shared, shared],
    "deep": [[[[[[[{"x": ({"y": [torch.zeros(2)]},)}]]]]]]],
}  # fmt: skip

checkpoint = {
    "epoch": 3, "model": model.state_dict(), "optimizer": optimizer.state_dict(), "best": 0.5, "arch": "tiny",
    "scheduler": torch.optim.lr_scheduler.StepLR(optimizer, 2).state_dict(),
}  # fmt: skip

save("state.pt", model.state_dict())
save("every.pt", every)
save("views.pt", views)
save("nested.pt", nested)
save("checkpoint.pt", checkpoint)
save("state-legacy.pt", model.state_dict(), _use_new_zipfile_serialization=False)
save("views-legacy.pt", views, _use_new_zipfile_serialization=False)
save("checkpoint-legacy.pt", checkpoint, _use_new_zipfile_serialization=False)
save("every-legacy.pt", every, _use_new_zipfile_serialization=False)
for protocol in (3, 4, 5):
    save(f"nested-protocol{protocol}.pt", nested, pickle_protocol=protocol)

# Plain data that NumPy leaves in older checkpoints.
with_numpy = {
    "loss": np.float64(0.25), "count": np.int64(-3), "half": np.float16(1.5), "flag": np.bool_(True), "z": np.complex64(1j),
    "array": np.arange(6, dtype="<i4").reshape(2, 3), "big": np.arange(4, dtype=">f8"), "none": np.zeros((0, 2), np.float32),
    "counter": collections.Counter("aab"), "default": collections.defaultdict(list, a=[1]),
}  # fmt: skip
save("numpy-values.pt", with_numpy)

# Files that only another writer makes: deflated, another folder, big-endian.


def rewrite(source, target, change=lambda name, data: (name, data), method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", method) as new:
        for info in old.infolist():
            name, data = change(info.filename, old.read(info))
            fixed = zipfile.ZipInfo(name)
            fixed.compress_type = method
            new.writestr(fixed, data)


rewrite("state.pt", "state-deflated.pt", method=zipfile.ZIP_DEFLATED)
rewrite("state.pt", "state-renamed.pt", lambda n, d: ("some other name" + n[n.index("/") :], d))

def big_endian(name, data):
    """`every.pt` as a big-endian machine writes it."""
    if name.endswith("/byteorder"):
        return name, b"big"
    if "/data/" not in name:
        return name, data
    tensor = list(every.values())[int(name.rsplit("/", 1)[1])]
    width = tensor.element_size() // (2 if tensor.dtype.is_complex else 1)
    return name, b"".join(data[i : i + width][::-1] for i in range(0, len(data), width))


rewrite("every.pt", "every-big.pt", big_endian)
for copy, of in [("state-deflated", "state"), ("state-renamed", "state"), ("every-big", "every")]:
    with open(f"{of}.pt.txt") as source, open(f"{copy}.pt.txt", "w") as target:
        target.write(source.read())

# Files that must be refused, with the reason in the message.
torch.save(torch.nn.Linear(2, 2), "refused-module.pt")
torch.save(torch.nn.Linear(2, 2), "refused-module-legacy.pt", _use_new_zipfile_serialization=False)
torch.save({"a": torch.eye(2).to_sparse()}, "refused-sparse.pt")
torch.save({"a": torch.ones(2, dtype=torch.uint16)}, "refused-uint16.pt")
import argparse  # noqa: E402

torch.save({"args": argparse.Namespace(lr=0.1, name="x"), "w": torch.ones(1)}, "refused-namespace.pt")

Point = collections.namedtuple("Point", "x y")
torch.save({"point": [Point(1, torch.ones(1))]}, "refused-namedtuple.pt")


class Net(torch.nn.Module):
    """A whole module of a class that is not PyTorch's, inside of a checkpoint."""

    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(2, 1)


torch.save({"epoch": 1, "net": Net()}, "refused-net.pt")
torch.jit.save(torch.jit.script(torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())), "script.pt")

# One tensor of every kind that there is none of in Swift, each beside one that there is.
foreign = {
    "float8": torch.ones(2, 3).to(torch.float8_e4m3fn), "float8_e5m2": torch.ones(4).to(torch.float8_e5m2),
    "uint16": torch.ones(2, dtype=torch.uint16), "uint32": torch.ones(2, dtype=torch.uint32),
    "uint64": torch.ones(2, dtype=torch.uint64), "complex32": torch.ones(2, dtype=torch.complex32),
    "quantized": torch.quantize_per_tensor(torch.ones(2, 2), 0.1, 3, torch.quint8), "sparse": torch.eye(3).to_sparse(),
    "csr": torch.eye(3).to_sparse_csr(), "meta": torch.empty(2, 5, device="meta"),
}  # fmt: skip
for name, legacy in (("foreign.pt", False), ("foreign-legacy.pt", True)):
    entries = {k: v for k, v in foreign.items() if not (legacy and v.dtype == torch.complex32)}
    torch.save({"good": torch.arange(3), **entries}, name, _use_new_zipfile_serialization=not legacy)


# Tensors of a GPU: what `torch.save` writes for them differs in the location of the storage alone.
def on_gpu(name, data):
    # The location is the pickled text "cpu"; "cuda:0" is three letters longer.
    return name, data.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0") if name.endswith(".pkl") else data


rewrite("state.pt", "state-cuda.pt", on_gpu)
assert torch.load("state-cuda.pt", map_location="cpu")["fc.bias"].equal(model.state_dict()["fc.bias"])

# Every optimizer in the middle of a run: its state after 3 steps, and the parameters after 3 more.
runs = {}
for name, make in {
    "SGD": lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, nesterov=True), "Adam": lambda p: torch.optim.Adam(p, 0.02, amsgrad=True),
    "AdamW": lambda p: torch.optim.AdamW(p, 0.02), "RMSprop": lambda p: torch.optim.RMSprop(p, 0.01, momentum=0.8, centered=True),
    "Adagrad": lambda p: torch.optim.Adagrad(p, 0.1), "Adadelta": lambda p: torch.optim.Adadelta(p), "Adamax": lambda p: torch.optim.Adamax(p),
    "NAdam": lambda p: torch.optim.NAdam(p), "RAdam": lambda p: torch.optim.RAdam(p), "ASGD": lambda p: torch.optim.ASGD(p),
    "Rprop": lambda p: torch.optim.Rprop(p), "Adafactor": lambda p: torch.optim.Adafactor(p),
}.items():  # fmt: skip
    a, b = torch.linspace(-1, 1, 6).reshape(2, 3).requires_grad_(), torch.linspace(0, 1, 4).requires_grad_()
    optimizer = make([{"params": [a]}, {"params": [b], "lr": 0.01}])

    def steps():
        for _ in range(3):
            optimizer.zero_grad()
            ((a * a * a).sum() + (b * b).sum() * 2).backward()
            optimizer.step()

    steps()
    run = {"a": a.detach().clone(), "b": b.detach().clone(), "state": torch.load(io.BytesIO(saved(optimizer.state_dict())))}
    steps()
    runs[name] = run | {"a_end": a.detach().clone(), "b_end": b.detach().clone()}
torch.save(runs, "optimizers.pt")

# ---- safetensors

tensors = {k.replace("torch.", "t."): v for k, v in every.items() if v.dtype != torch.complex128}
safetensors.torch.save_file(tensors, "every.safetensors", metadata={"format": "pt"})
describe("every.safetensors", {k: tensors[k] for k in sorted(tensors)})
state = dict(model.state_dict())
shards = {"model-00001-of-00002.safetensors": list(state)[:4], "model-00002-of-00002.safetensors": list(state)[4:]}
for shard, names in shards.items():
    safetensors.torch.save_file({n: state[n] for n in names}, shard)
with open("model.safetensors.index.json", "w") as f:
    total = sum(t.numel() * t.element_size() for t in state.values())
    json.dump({"metadata": {"total_size": total}, "weight_map": {n: s for s, ns in shards.items() for n in ns}}, f, indent=1)
describe("model.safetensors.index.json", {k: state[k] for k in sorted(state)})

eight = {"scale": torch.tensor([0.5]), "weight": torch.ones(2, 4).to(torch.float8_e4m3fn), "id": torch.ones(3, dtype=torch.uint64)}
safetensors.torch.save_file(eight, "foreign.safetensors")

# ---- NumPy

arrays = {k.replace("torch.", "t."): v.numpy() for k, v in every.items() if v.dtype != torch.bfloat16}
np.savez("every.npz", **arrays)
np.savez_compressed("every-compressed.npz", **arrays)
for path in ("every.npz", "every-compressed.npz"):
    describe(path, {k: arrays[k] for k in sorted(arrays)})
square = np.arange(6, dtype=np.float32).reshape(2, 3)
for name, array, version in [
    ("c", square, None), ("fortran", np.asfortranarray(square), None), ("big", square.astype(">f4"), None),
    ("bigc", np.array([1 + 2j], ">c16"), None), ("v2", square, (2, 0)), ("v3", square, (3, 0)),
    ("scalar", np.float64(2.5), None), ("empty", np.zeros((0, 3), np.int16), None), ("vector", np.arange(5), None),
]:  # fmt: skip
    with open(f"{name}.npy", "wb") as f:
        np.lib.format.write_array(f, np.asanyarray(array), version)
    describe(f"{name}.npy", np.asanyarray(array))
np.savez("foreign.npz", good=square, count=np.ones(2, np.uint32), names=np.array(["a", "bc"]), rows=np.zeros(2, "f4,i2"))
np.save("refused-object.npy", np.array([{}], dtype=object), allow_pickle=True)
np.save("refused-fields.npy", np.zeros(2, dtype=[("a", "<f4")]))
np.save("refused-uint64.npy", np.zeros(2, np.uint64))
