"""Makes Fixtures/func/cases.json from real PyTorch: torch.func's transforms of the functions in FunctionTransformTests.

Run with a Python that has torch: python Fixtures/func/make.py
"""
import json, os
import torch
import torch.nn.functional as F
from torch.func import grad, grad_and_value, hessian, jacfwd, jacrev, jvp, vjp, vmap

here = os.path.dirname(os.path.abspath(__file__))


def data(*shape, start=0):
    n = 1
    for s in shape:
        n *= s
    return ((torch.arange(n, dtype=torch.float64) + start) * 0.7).sin().reshape(shape)


x, m, v = data(3), data(2, 3), data(3, start=5)
f = lambda x: (x.sin() * x).sum()
g = lambda x: x.sin() * x.flip(0)
cube = lambda x: x * x * x
batch, other, square = data(4, 2, 3), data(4, 3, 2, start=3), data(4, 3, 3, start=9)
labels = torch.tensor([2, 0, 1, 2])
weight, bias = data(2, 3, start=2), data(2, start=4)
images, kernel = data(4, 2, 3, 5, 5), data(3, 3, 3, 3, start=1)

results = {
    "grad": grad(f)(x),
    "grad_grad": grad(grad(lambda x: cube(x).sum() if x.dim() else cube(x)))(torch.tensor(1.5, dtype=torch.float64)),
    "value": grad_and_value(f)(x)[1],
    "grad_second": grad(lambda a, b: (a * b * b).sum(), argnums=1)(x, v),
    "vjp": vjp(g, x)[1](v)[0],
    "jvp": jvp(g, (x,), (v,))[1],
    "jvp_linear": jvp(lambda x: x * 2, (x,), (v,))[1],
    "jacrev": jacrev(g)(x),
    "jacrev_matrix": jacrev(lambda m: m @ m.T)(m),
    "jacfwd": jacfwd(g)(x),
    "jacfwd_matrix": jacfwd(lambda m: (m @ m.T).tanh())(m),
    "hessian": hessian(f)(x),
    "jvp_of_grad": jvp(grad(f), (x,), (v,))[1],
    "grad_of_jvp": grad(lambda x: jvp(g, (x,), (v,))[1].sum())(x),
}
mapped = {
    "chain": vmap(lambda a: (a.sin() * 2 + a).exp().sum(-1))(batch),
    "sum": vmap(lambda a: a.sum())(batch),
    "mean_dims": vmap(lambda a: a.mean(0) + a.mean((0, 1)))(batch),
    "max": vmap(lambda a: a.max())(batch),
    "max_dim": vmap(lambda a: a.max(dim=1)[0])(batch),
    "argmax": vmap(lambda a: a.argmax(-1))(batch).double(),
    "softmax": vmap(lambda a: a.softmax(0))(batch),
    "log_softmax": vmap(lambda a: a.log_softmax(-1))(batch),
    "cumsum": vmap(lambda a: a.cumsum(0))(batch),
    "var": vmap(lambda a: a.var(0))(batch),
    "view": vmap(lambda a: a.reshape(3, 2).t())(batch),
    "permute": vmap(lambda a: a.permute(1, 0).unsqueeze(0).squeeze(0))(batch),
    "select": vmap(lambda a: a[1] * a[:, 0:1])(batch),
    "expand": vmap(lambda a: a.sum().expand(2, 2))(batch),
    "flatten": vmap(lambda a: a.flatten())(batch),
    "cat": vmap(lambda a, b: torch.cat([a, b.t()], 1))(batch, other),
    "stack": vmap(lambda a: torch.stack([a, a * 2], -1))(batch),
    "shared": vmap(lambda a, b: a * b + b, in_dims=(0, None))(batch, v),
    "ranks": vmap(lambda a, b: a + b)(batch, data(4)),
    "matmul": vmap(torch.matmul)(batch, other),
    "matmul_left": vmap(torch.matmul, in_dims=(0, None))(batch, data(3, 2)),
    "matmul_right": vmap(torch.matmul, in_dims=(None, 0))(data(5, 2), batch),
    "matvec": vmap(lambda a, b: a @ b)(batch, data(4, 3)),
    "dot": vmap(torch.dot)(data(4, 3), data(4, 3, start=2)),
    "bmm": vmap(lambda a: torch.bmm(a.unsqueeze(0).expand(2, 2, 3), a.t().unsqueeze(0).expand(2, 3, 2)))(batch),
    "linear": vmap(lambda a: F.linear(a, weight, bias))(batch),
    "linear_weights": vmap(lambda w: F.linear(m, w))(batch),
    "gather": vmap(lambda a, i: a.gather(0, i))(data(4, 3), labels.unsqueeze(1)),
    "index": vmap(lambda a: a.index_select(1, torch.tensor([2, 0])))(batch),
    "conv": vmap(lambda a: F.conv2d(a, kernel, padding=1))(images),
    "conv_single": vmap(lambda a: F.conv2d(a[0], kernel))(images),
    "conv_weights": vmap(lambda k: F.conv2d(images[0], k))(data(2, 4, 3, 2, 2)),
    "pool": vmap(lambda a: F.max_pool2d(a, 2))(images),
    "inverse": vmap(lambda a: torch.linalg.inv(a + 3 * torch.eye(3, dtype=torch.float64)))(square),
    "sort": vmap(lambda a: a.sort(0)[0])(batch),
    "fallback": vmap(lambda a: torch.linalg.qr(a)[1].abs())(square),
    "in_place": vmap(lambda a: (a * 1).add_(a).mul_(3))(batch),
    "where": vmap(lambda a: torch.where(a > 0, a, a * 0.1))(batch),
    "cross_entropy": vmap(lambda a, t: F.cross_entropy(a, t))(data(4, 3), labels),
    "in_dim": vmap(lambda a: a.sum(0), in_dims=2)(batch),
    "in_dim_negative": vmap(lambda a: a * 2, in_dims=-1)(batch),
    "out_dim": vmap(lambda a: a * 2, out_dims=2)(batch),
    "constant": vmap(lambda a: v * 2)(batch),
    "nested": vmap(vmap(lambda a: a.softmax(0).sum() + a[0]))(batch),
    "nested_shared": vmap(lambda a: vmap(lambda b: (a @ b))(other[0].t().contiguous()))(batch),
    "grad": vmap(grad(lambda a: (a.sin() * a).sum()))(batch),
    "grad_weights": vmap(grad(lambda w, a, t: F.mse_loss(a @ w.t(), t)), in_dims=(None, 0, 0))(weight, data(4, 3), data(4, 2, start=7)),
    "grad_fallback": vmap(grad(lambda a: torch.linalg.inv(a + 3 * torch.eye(3, dtype=torch.float64)).sum()))(square),
    "jacrev": vmap(jacrev(lambda a: a * a.sum()))(data(4, 3)),
    "jacfwd": vmap(jacfwd(lambda a: a * a.sum()))(data(4, 3)),
    "hessian": vmap(hessian(lambda a: (a ** 3).sum() * a.sum()))(data(4, 3)),
    "grad_of_vmap": grad(lambda w: vmap(lambda a: (a @ w.t()).tanh().sum())(batch).sum())(weight),
    "vjp": vmap(lambda a, b: vjp(lambda y: y.tanh() * y, a)[1](b)[0])(data(4, 3), data(4, 3, start=1)),
    "jvp": vmap(lambda a, b: jvp(lambda y: y.tanh() * y, (a,), (b,))[1])(data(4, 3), data(4, 3, start=1)),
}


def message(f):
    try:
        f()
    except (RuntimeError, ValueError, IndexError) as error:
        return str(error)
    raise AssertionError


errors = {
    "scalar": message(lambda: grad(lambda x: x * 2)(x)),
    "sizes": message(lambda: vmap(lambda a, b: a)(data(2), data(3))),
    "random": message(lambda: vmap(lambda a: torch.randn(2))(x)),
    "item": message(lambda: vmap(lambda a: a.sum().item())(batch)),
}
text = lambda t: {"shape": list(t.shape), "values": t.detach().double().flatten().tolist()}
json.dump({"func": {k: text(t) for k, t in results.items()}, "vmap": {k: text(t) for k, t in mapped.items()}, "errors": errors},
          open(os.path.join(here, "cases.json"), "w"), indent=0)
print(len(results) + len(mapped), "cases; torch", torch.__version__)
for k, e in errors.items():
    print(k, repr(e))
