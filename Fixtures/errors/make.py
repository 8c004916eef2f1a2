"""Makes messages.json: what PyTorch says to wrong calls, by the names that Tests/TorchCoreTests give them.

Run with a Python that has PyTorch: python3 make.py
"""

import json
import os

import torch
import torch.nn.functional as F

cases = {}


def case(name):
    def register(body):
        try:
            body()
        except Exception as error:
            cases[name] = str(error).split("\n")[0]
            return
        raise SystemExit(f"{name}: PyTorch accepts it")

    return register


def call(name, body):
    case(name)(body)


z, i = torch.zeros, lambda *sizes: torch.zeros(*sizes, dtype=torch.int64)

# Shapes.
call("add broadcast", lambda: z(2, 3) + z(4))
call("add_ broadcast", lambda: z(3).add_(z(2, 3)))
call("mm inner", lambda: torch.mm(z(2, 3), z(4, 5)))
call("mm rank", lambda: torch.mm(z(2), z(2, 2)))
call("mm dtype", lambda: torch.mm(z(2, 2), i(2, 2)))
call("matmul scalar", lambda: torch.matmul(z([]), z(2)))
call("matmul vectors", lambda: torch.matmul(z(2), z(3)))
call("matmul batch", lambda: torch.matmul(z(2, 3, 4), z(3, 4, 5)))
call("bmm", lambda: torch.bmm(z(2, 3, 4), z(2, 5, 6)))
call("addmm", lambda: torch.addmm(z(3), z(2, 3), z(3, 4)))
call("linear", lambda: F.linear(z(2, 3), z(4, 5)))
call("view size", lambda: z(2, 3).view(4))
call("view stride", lambda: z(2, 3).t().view(6))
call("view two", lambda: z(2, 3).view(-1, -1))
call("reshape", lambda: z(2, 3).reshape(5, -1))
call("expand", lambda: z(2, 3).expand(2, 4))
call("expand few", lambda: z(2, 3).expand(3))
call("permute", lambda: z(2, 3).permute(0))
call("permute twice", lambda: z(2, 3).permute(0, 0))
call("transpose", lambda: z(2, 3).transpose(0, 2))
call("t", lambda: z(2, 3, 4).t())
call("cat sizes", lambda: torch.cat([z(2, 3), z(2, 4)]))
call("cat ranks", lambda: torch.cat([z(2, 3), z(2)]))
call("cat empty", lambda: torch.cat([]))
call("cat zero", lambda: torch.cat([z([]), z([])]))
call("stack", lambda: torch.stack([z(2), z(3)]))
call("conv channels", lambda: F.conv2d(z(1, 3, 8, 8), z(4, 2, 3, 3)))
call("conv rank", lambda: F.conv2d(z(8, 8), z(4, 2, 3, 3)))
call("conv small", lambda: F.conv2d(z(1, 1, 2, 2), z(1, 1, 3, 3)))
call("pool small", lambda: F.max_pool2d(z(1, 1, 2, 2), 3))
call("pool pad", lambda: F.max_pool2d(z(1, 1, 4, 4), 2, padding=2))
call("where", lambda: torch.where(z(2, dtype=torch.bool), z(3), z(2)))
call("copy_", lambda: z(2, 3).copy_(z(4)))
call("unfold", lambda: z(3).unfold(0, 4, 1))
call("narrow", lambda: z(3).narrow(0, 2, 2))
call("split", lambda: z(3).split(-1))
call("layer_norm", lambda: F.layer_norm(z(2, 3), [4]))
call("embedding", lambda: F.embedding(torch.tensor([5]), z(3, 2)))
call("negative size", lambda: z(-1, 2))
call("overlap", lambda: z(1).expand(3).add_(1))

# Indices and dimensions.
call("sum dim", lambda: z(2, 3).sum(2))
call("sum dim twice", lambda: z(2, 3).sum((0, 0)))
call("softmax dim", lambda: z(2, 3).softmax(-3))
call("select", lambda: z(2, 3).select(1, 3))
call("subscript", lambda: z(2, 3)[2])
call("subscript many", lambda: z(2, 3)[0, 0, 0])
call("subscript of zero", lambda: z([])[0])
call("index_select", lambda: z(3).index_select(0, torch.tensor([3])))
call("index_select dtype", lambda: z(3).index_select(0, torch.tensor([1.0])))
call("index tensor", lambda: z(3)[torch.tensor([3])])
call("index dtype", lambda: z(3)[torch.tensor([1.0])])
call("mask", lambda: z(3)[torch.tensor([True, False])])
call("gather dtype", lambda: z(3).gather(0, torch.tensor([0.0])))
call("gather bounds", lambda: z(3).gather(0, torch.tensor([3])))
call("gather rank", lambda: z(3).gather(0, i(1, 1)))
call("scatter bounds", lambda: z(3).scatter(0, torch.tensor([-1]), z(1)))
call("squeeze", lambda: z(1, 2).squeeze(2))
call("unsqueeze", lambda: z(2).unsqueeze(3))
call("max empty", lambda: z(0).max())
call("max dim empty", lambda: z(0, 2).max(0))
call("argmax empty", lambda: z(0).argmax())
call("nll target", lambda: F.nll_loss(z(2, 3), torch.tensor([0, 3])))
call("nll batch", lambda: F.nll_loss(z(2, 3), torch.tensor([0])))
call("nll dtype", lambda: F.nll_loss(z(2, 3), torch.tensor([0.0, 1.0])))
call("topk", lambda: z(3).topk(4))
call("randperm", lambda: torch.randperm(-1))

# Dtypes and values.
call("mean int", lambda: i(3).mean())
call("softmax int", lambda: i(3).softmax(0))
call("add_ float to int", lambda: i(3).add_(1.5))
call("div_ int", lambda: i(3).div_(2))
call("bool minus", lambda: z(2, dtype=torch.bool) - z(2, dtype=torch.bool))
call("bool neg", lambda: -z(2, dtype=torch.bool))
call("pow negative", lambda: torch.tensor([2]) ** -1)
call("int division by zero", lambda: torch.tensor([2]) // 0)
call("remainder by zero", lambda: torch.tensor([2]) % 0)
call("add alpha", lambda: torch.add(i(2), i(2), alpha=1.5))
call("item", lambda: z(2).item())
call("complex order", lambda: torch.tensor([1j]) < torch.tensor([2j]))
call("complex max", lambda: torch.maximum(torch.tensor([1j]), torch.tensor([2j])))
call("masked_fill dtype", lambda: z(2).masked_fill(i(2), 1))
call("where dtype", lambda: torch.where(z(2), z(2), z(2)))
call("arange", lambda: torch.arange(0, 5, -1))
call("arange step", lambda: torch.arange(0, 5, 0))
call("linspace", lambda: torch.linspace(0, 1, -1))
call("requires_grad int", lambda: i(2).requires_grad_())
call("cross entropy", lambda: F.cross_entropy(z(2, 3), torch.tensor([1])))
call("mse", lambda: F.l1_loss(z(2, 3), z(4)))


# Autograd.
def leaf(*sizes):
    return torch.ones(*sizes, requires_grad=True)


@case("backward twice")
def _():
    y = (leaf(3) ** 2).sum()
    y.backward()
    y.backward()


call("backward of a vector", lambda: (leaf(3) * 2).backward())
call("backward of a complex", lambda: (torch.ones([], dtype=torch.complex64, requires_grad=True) * 2).backward())
call("backward of a constant", lambda: z([]).backward())
call("backward shape", lambda: (leaf(3) * 2).backward(z(2)))
call("grad of an unused", lambda: torch.autograd.grad((leaf(3) * 2).sum(), leaf(3)))
call("grad of a constant", lambda: torch.autograd.grad((leaf(3) * 2).sum(), z(3)))
call("grad of a constant, unused allowed", lambda: torch.autograd.grad((leaf(3) * 2).sum(), z(3), allow_unused=True))
call("in-place on a leaf", lambda: leaf(3).add_(1))
call("in-place on a view of a leaf", lambda: leaf(3)[0].mul_(2))
call("fill of a leaf", lambda: leaf(3).zero_())


@case("in-place on a view made without grad")
def _():
    y = leaf(3) * 2
    with torch.no_grad():
        v = y[0]
    v.mul_(2)


@case("in-place with a gradient on a view made without grad")
def _():
    base = z(3)
    with torch.no_grad():
        v = base[0]
    v.mul_(leaf([]))


@case("modified input")
def _():
    x = leaf(3)
    y = x * 2
    s = (y * y).sum()
    y.add_(1)
    s.backward()


@case("modified result")
def _():
    y = leaf(2, 3).exp()
    y.mul_(2)
    y.sum().backward()


@case("modified through a view")
def _():
    w = z(3)
    y = (leaf(3) * w).sum()
    w[0] = 1
    y.backward()


call("requires_grad of a result", lambda: (leaf(3) * 2).requires_grad_(False))


@case("grad size")
def _():
    x = leaf(3)
    x.grad = z(2)


@case("grad type")
def _():
    x = leaf(3)
    x.grad = z(3, dtype=torch.float64)


call("hook on a constant", lambda: z(3).register_hook(lambda g: g))
call("retain_grad of a constant", lambda: z(3).retain_grad())
call("post hook of a result", lambda: (leaf(3) * 2).register_post_accumulate_grad_hook(lambda p: None))
call("detach_ of a view", lambda: (leaf(3) * 2)[0].detach_())


@case("inference tensor saved")
def _():
    with torch.inference_mode():
        t = torch.ones(3)
    leaf(3) * t


@case("inference tensor written")
def _():
    with torch.inference_mode():
        t = torch.ones(3)
    t.add_(1)


call("out with grad", lambda: torch.add(leaf(3), 1, out=z(3)))


class Wrong(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return g, g * 2


class WrongShape(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return torch.ones(7)


call("function with too many gradients", lambda: Wrong.apply(leaf(3)).sum().backward())
call("function with a wrong gradient", lambda: WrongShape.apply(leaf(3)).sum().backward())


@case("anomaly")
def _():
    with torch.autograd.detect_anomaly(check_nan=True):
        x = z(3).requires_grad_()
        (x.sqrt() * 0).sum().backward()


@case("hook that changes the size")
def _():
    y = leaf(3) * 2
    y.register_hook(lambda g: torch.ones(2))
    y.sum().backward()


with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "messages.json"), "w") as file:
    json.dump(cases, file, indent=0)
    file.write("\n")
