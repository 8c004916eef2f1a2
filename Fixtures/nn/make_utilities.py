"""Makes Fixtures/nn/utilities.json from real PyTorch: lazy modules, initialisers, parametrizations, pruning, fusion.

Run with a Python that has torch: python Fixtures/nn/make_utilities.py
The Swift twins are in Tests/TorchNNTests/UtilityFixtureTests.swift, under the same names.
"""
import json, os, warnings
import torch
from torch import nn
import torch.nn.functional as F
from torch.nn.utils import parametrize, prune, parametrizations as P

warnings.filterwarnings("ignore")
here = os.path.dirname(os.path.abspath(__file__))
torch.set_num_threads(1)


def tensor(t):
    return {"shape": list(t.shape), "dtype": str(t.dtype).removeprefix("torch."), "values": t.detach().double().flatten().tolist()}


def state(module):
    return {k: tensor(v) for k, v in module.state_dict().items()}


def ramp(*shape):
    n = 1
    for s in shape:
        n *= s
    return (torch.arange(n, dtype=torch.float64) * 0.37).sin().reshape(shape)


# ---- lazy modules: made, printed, given their first input

lazy = {
    "LazyLinear": (lambda: nn.LazyLinear(3), (2, 5)),
    "LazyLinearNoBias": (lambda: nn.LazyLinear(3, bias=False), (4,)),
    "LazyConv1d": (lambda: nn.LazyConv1d(4, 3, stride=2, groups=2), (2, 6, 9)),
    "LazyConv2d": (lambda: nn.LazyConv2d(3, (2, 3), padding="same", bias=False), (2, 5, 6)),
    "LazyConv3d": (lambda: nn.LazyConv3d(2, 2), (1, 3, 4, 4, 4)),
    "LazyConvTranspose1d": (lambda: nn.LazyConvTranspose1d(4, 3, stride=2, output_padding=1), (2, 3, 5)),
    "LazyConvTranspose2d": (lambda: nn.LazyConvTranspose2d(4, 2, groups=2), (2, 6, 3, 3)),
    "LazyConvTranspose3d": (lambda: nn.LazyConvTranspose3d(2, 2), (3, 2, 2, 2)),
    "LazyBatchNorm1d": (lambda: nn.LazyBatchNorm1d(), (4, 3)),
    "LazyBatchNorm2d": (lambda: nn.LazyBatchNorm2d(momentum=None, affine=False), (2, 3, 2, 2)),
    "LazyBatchNorm3d": (lambda: nn.LazyBatchNorm3d(track_running_stats=False), (2, 3, 2, 2, 2)),
    "LazyInstanceNorm1d": (lambda: nn.LazyInstanceNorm1d(), (2, 3, 4)),
    "LazyInstanceNorm2d": (lambda: nn.LazyInstanceNorm2d(affine=False), (2, 3, 4, 4)),
    "LazyInstanceNorm3d": (lambda: nn.LazyInstanceNorm3d(track_running_stats=False), (2, 3, 2, 2, 2)),
}
lazies = {}
for name, (make, shape) in lazy.items():
    torch.manual_seed(7)
    module = make()
    before = repr(module)
    output = module(ramp(*shape).float())
    lazies[name] = {"before": before, "after": repr(module), "input": list(shape), "state": state(module), "output": tensor(output)}

# ---- initialisers

initialisers = {
    "trunc_normal": lambda t: nn.init.trunc_normal_(t),
    "trunc_normal_narrow": lambda t: nn.init.trunc_normal_(t, 1.0, 2.0, 0.5, 0.9),
    "trunc_normal_tail": lambda t: nn.init.trunc_normal_(t, 0.0, 1.0, 1.5, 3.0),
    "orthogonal": lambda t: nn.init.orthogonal_(t, gain=1.5),
    "sparse": lambda t: nn.init.sparse_(t, 0.4),
    "eye": lambda t: nn.init.eye_(t),
    "xavier_normal": lambda t: nn.init.xavier_normal_(t, gain=0.7),
    "kaiming_normal_out": lambda t: nn.init.kaiming_normal_(t, mode="fan_out", nonlinearity="relu"),
}
inits = {}
for name, fill in initialisers.items():
    for shape in ([5, 4], [3, 7]):
        torch.manual_seed(11)
        inits[f"{name} {shape[0]}x{shape[1]}"] = tensor(fill(torch.empty(shape)))
for name, fill in {"dirac": lambda t: nn.init.dirac_(t), "dirac_groups": lambda t: nn.init.dirac_(t, 2)}.items():
    for shape in ([4, 2, 3], [4, 3, 3, 2], [2, 2, 1, 2, 3]):
        inits[f"{name} {'x'.join(map(str, shape))}"] = tensor(fill(torch.empty(shape)))
torch.manual_seed(11)
inits["orthogonal 2x3x2"] = tensor(nn.init.orthogonal_(torch.empty(2, 3, 2)))

# ---- parametrizations and the hooks before them


class Symmetric(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).mT

    def right_inverse(self, x):
        return x.triu()


class Doubled(nn.Module):
    def forward(self, x):
        return x * 2


def both(layer):
    parametrize.register_parametrization(layer, "weight", Symmetric())
    return parametrize.register_parametrization(layer, "weight", Doubled())


def cross(layer):
    parametrize.register_parametrization(layer, "weight", Symmetric())
    layer.weight = ramp(3, 3) + ramp(3, 3).mT
    return layer


parametrized = {
    "weight_norm": (lambda: P.weight_norm(nn.Linear(4, 3)), (2, 4)),
    "weight_norm_none": (lambda: P.weight_norm(nn.Linear(4, 3), dim=None), (2, 4)),
    "weight_norm_conv": (lambda: P.weight_norm(nn.Conv2d(2, 3, 2), dim=1), (1, 2, 3, 3)),
    "spectral_norm": (lambda: P.spectral_norm(nn.Linear(4, 3)), (2, 4)),
    "spectral_norm_conv": (lambda: P.spectral_norm(nn.ConvTranspose1d(2, 3, 2), n_power_iterations=2), (1, 2, 3)),
    "spectral_norm_bias": (lambda: P.spectral_norm(nn.Linear(4, 3), name="bias"), (2, 4)),
    "orthogonal_exp": (lambda: P.orthogonal(nn.Linear(3, 3)), (2, 3)),
    "orthogonal_householder": (lambda: P.orthogonal(nn.Linear(4, 3)), (2, 4)),
    "orthogonal_cayley": (lambda: P.orthogonal(nn.Linear(3, 5), orthogonal_map="cayley"), (2, 3)),
    "orthogonal_plain": (lambda: P.orthogonal(nn.Linear(3, 5), orthogonal_map="householder", use_trivialization=False), (2, 3)),
    "orthogonal_exp_plain": (lambda: P.orthogonal(nn.Linear(3, 5), orthogonal_map="matrix_exp", use_trivialization=False), (2, 3)),
    "symmetric": (lambda: parametrize.register_parametrization(nn.Linear(3, 3), "weight", Symmetric()), (2, 3)),
    "symmetric_doubled": (lambda: both(nn.Linear(3, 3)), (2, 3)),
    "assigned": (lambda: cross(nn.Linear(3, 3).double()), (2, 3)),
    "removed": (lambda: parametrize.remove_parametrizations(P.weight_norm(nn.Linear(3, 3)), "weight"), (2, 3)),
    "left_original": (
        lambda: parametrize.remove_parametrizations(both(nn.Linear(3, 3)), "weight", leave_parametrized=False), (2, 3)),
    "old_weight_norm": (lambda: nn.utils.weight_norm(nn.Linear(4, 3)), (2, 4)),
    "old_spectral_norm": (lambda: nn.utils.spectral_norm(nn.Linear(4, 3), n_power_iterations=2), (2, 4)),
    "old_weight_norm_removed": (lambda: nn.utils.remove_weight_norm(nn.utils.weight_norm(nn.Linear(4, 3))), (2, 4)),
    "old_spectral_norm_removed": (lambda: nn.utils.remove_spectral_norm(nn.utils.spectral_norm(nn.Linear(4, 3))), (2, 4)),
}
values = {}
for name, (make, shape) in parametrized.items():
    torch.manual_seed(5)
    # Drawn in float32, as Swift's default is; computed in float64.
    module = make().double()
    text = repr(module)
    output = module(ramp(*shape))
    (output * ramp(*output.shape).cos()).sum().backward()
    values[name] = {
        "repr": text, "input": list(shape), "output": tensor(output), "state": state(module),
        "grads": {k: tensor(p.grad) for k, p in module.named_parameters() if p.grad is not None},
    }

# ---- pruning


def twice(layer):
    prune.l1_unstructured(layer, "weight", amount=0.25)
    prune.ln_structured(layer, "weight", amount=1, n=2, dim=0)
    return prune.random_unstructured(layer, "weight", amount=3)


def scored(layer):
    return prune.l1_unstructured(layer, "weight", amount=5, importance_scores=ramp(3, 4).float())


def everywhere(layer):
    prune.identity(layer, "bias")
    prune.global_unstructured([(layer, "weight"), (layer, "bias")], prune.L1Unstructured, amount=0.4)
    return layer


pruned = {
    "l1": lambda m: prune.l1_unstructured(m, "weight", amount=0.3),
    "l1_scores": scored,
    "random": lambda m: prune.random_unstructured(m, "weight", amount=0.5),
    "ln": lambda m: prune.ln_structured(m, "weight", amount=0.5, n=1, dim=1),
    "ln_inf": lambda m: prune.ln_structured(m, "weight", amount=1, n=float("inf"), dim=0),
    "random_structured": lambda m: prune.random_structured(m, "weight", amount=2, dim=1),
    "mask": lambda m: prune.custom_from_mask(m, "bias", torch.tensor([0, 1, 0])),
    "identity": lambda m: prune.identity(m, "weight"),
    "twice": twice,
    "global": everywhere,
    "removed": lambda m: prune.remove(twice(m), "weight"),
}
prunes = {}
for name, change in pruned.items():
    torch.manual_seed(3)
    module = nn.Linear(4, 3)
    change(module)
    output = module(ramp(2, 4).float())
    (output * ramp(2, 3).float()).sum().backward()
    prunes[name] = {
        "state": state(module), "weight": tensor(module.weight), "output": tensor(output),
        "grads": {k: tensor(p.grad) for k, p in module.named_parameters()},
    }

# ---- fusion


def conv_bn(conv, bn, transpose=False):
    bn.double().eval(), conv.double().eval()
    with torch.no_grad():
        bn.running_mean.copy_(ramp(3)), bn.running_var.copy_(ramp(3) + 2)
        if bn.affine:
            bn.weight.copy_(ramp(3) + 0.5), bn.bias.copy_(ramp(3) - 0.2)
    fused = nn.utils.fuse_conv_bn_eval(conv, bn, transpose)
    return fused


def linear_bn(linear, bn):
    bn.double().eval(), linear.double().eval()
    with torch.no_grad():
        bn.running_mean.copy_(ramp(3)), bn.running_var.copy_(ramp(3) + 2), bn.weight.copy_(ramp(3) + 0.5)
    return nn.utils.fuse_linear_bn_eval(linear, bn)


fusions = {}
for name, make in {
    "conv": lambda: conv_bn(nn.Conv2d(2, 3, 3, padding=1), nn.BatchNorm2d(3)),
    "conv_plain": lambda: conv_bn(nn.Conv1d(4, 3, 2, stride=2, bias=False), nn.BatchNorm1d(3, affine=False)),
    "conv_transpose": lambda: conv_bn(nn.ConvTranspose2d(2, 3, 2), nn.BatchNorm2d(3), True),
    "linear": lambda: linear_bn(nn.Linear(4, 3), nn.BatchNorm1d(3)),
}.items():
    torch.manual_seed(2)
    module = make()
    fusions[name] = {"repr": repr(module), "state": state(module), "requires": [p.requires_grad for p in module.parameters()]}

# ---- SyncBatchNorm

torch.manual_seed(4)
sync = nn.SyncBatchNorm.convert_sync_batchnorm(nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3, momentum=0.2)))
sync = {"repr": repr(sync), "keys": list(sync.state_dict())}

json.dump(
    {"lazy": lazies, "inits": inits, "parametrized": values, "pruned": prunes, "fused": fusions, "sync": sync},
    open(os.path.join(here, "utilities.json"), "w"), indent=0)
print(len(lazies), "lazy modules,", len(inits), "initialisers,", len(values), "parametrizations,", len(prunes), "prunings")
