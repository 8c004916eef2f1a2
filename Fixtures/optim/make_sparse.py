"""Makes Fixtures/optim/sparse.json from real PyTorch: sparse gradients of tables, and 50 steps of the optimizers that take them.

Run with a Python that has torch: python Fixtures/optim/make_sparse.py
"""
import json, os
import torch
from torch import optim
from torch.nn import functional as F

here = os.path.dirname(os.path.abspath(__file__))
torch.set_num_threads(1)


def start(dtype):
    return ((torch.arange(18, dtype=torch.float64) * 0.7).sin() * 2).reshape(6, 3).to(dtype).requires_grad_()


def rows(step):
    return torch.tensor([2 * step % 6, (3 * step + 1) % 6, step % 6, step % 6])


def loss(table, step):
    k = torch.arange(12, dtype=table.dtype).reshape(4, 3) / 4 + 1
    looked_up = F.embedding(rows(step), table, padding_idx=5, sparse=True)
    bags = F.embedding_bag(rows(step), table, torch.tensor([0, 1]), mode="mean", sparse=True)
    return ((k * looked_up).cos() + looked_up * looked_up / 3).sum() + (bags * k[:2]).sum()


optimizers = {
    "sparse_adam": lambda p: optim.SparseAdam(p, lr=0.05),
    "sparse_adam_options": lambda p: optim.SparseAdam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-6, maximize=True),
    "sgd": lambda p: optim.SGD(p, lr=0.05),
    "sgd_momentum": lambda p: optim.SGD(p, lr=0.05, momentum=0.9),
    "adagrad": lambda p: optim.Adagrad(p, lr=0.1, lr_decay=0.01),
}
result = {"trajectories": {}}
for name, make in optimizers.items():
    entry = {}
    for dtype in (torch.float32, torch.float64):
        table = start(dtype)
        optimizer = make([table])
        points = []
        for step in range(50):
            optimizer.zero_grad()
            loss(table, step).backward()
            optimizer.step()
            if step in (0, 1, 9, 49):
                points.append({"step": step, "table": table.flatten().tolist()})
        entry[str(dtype).removeprefix("torch.")] = points
    entry["repr"] = repr(optimizer)
    entry["state"] = sorted(optimizer.state_dict()["state"].get(0, {}))
    result["trajectories"][name] = entry

table = start(torch.float32)
loss(table, 2).backward()
once = table.grad.clone()
loss(table, 3).backward()
both = table.grad.coalesce()
result["gradient"] = {
    "indices": once.coalesce().indices().tolist(), "values": once.coalesce().values().flatten().tolist(),
    "coalesced_indices": both.indices().tolist(), "coalesced_values": both.values().flatten().tolist(),
    "dense": both.to_dense().flatten().tolist(), "printed": str(both),
}
result["printed"] = str(torch.tensor([[0.0, 2], [3, 0]]).to_sparse())
result["hybrid"] = str(torch.tensor([[0.0, 2], [0, 0], [3, 0]], dtype=torch.float64).to_sparse(1))
json.dump(result, open(os.path.join(here, "sparse.json"), "w"), indent=0)
print(len(result["trajectories"]), "optimizers, torch", torch.__version__)
