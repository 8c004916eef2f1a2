"""Makes Fixtures/random/like.json from real PyTorch: draws in the shape of tensors that are not row-major.

Run with a Python that has torch: python Fixtures/random/make_like.py
"""
import json, os
import torch

here = os.path.dirname(os.path.abspath(__file__))
inputs = {
    "transposed": torch.empty(5, 7).t(),
    "permuted": torch.empty(2, 3, 4).permute(2, 0, 1),
    "gaps": torch.empty(4, 6)[:, ::2],
    "gaps_transposed": torch.empty(4, 6)[:, ::2].t(),
}
draws = {
    "rand": torch.rand_like, "randn": torch.randn_like, "randint": lambda x: torch.randint_like(x, 100),
    "dropout": lambda x: torch.nn.functional.dropout(torch.ones_like(x)),
}
cases = {}
for name, x in inputs.items():
    for draw, f in draws.items():
        torch.manual_seed(3)
        y = f(x)
        cases[f"{draw} {name}"] = {"strides": list(y.stride()), "values": y.double().flatten().tolist()}
json.dump(cases, open(os.path.join(here, "like.json"), "w"), indent=0)
print(len(cases), "draws")
