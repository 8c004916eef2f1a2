"""Makes Fixtures/data/orders.json from real PyTorch: the order in which loaders and samplers give items.

Run with a Python that has torch: python Fixtures/data/make_fixtures.py
"""
import json, os
import torch
from torch.utils.data import DataLoader, RandomSampler, SubsetRandomSampler, WeightedRandomSampler, BatchSampler, SequentialSampler, random_split

here = os.path.dirname(os.path.abspath(__file__))
cases = {}


def after():
    """What the default generator gives next: tells whether as many draws were made."""
    return torch.randint(0, 2**62, (2,)).tolist()


def loader(name, n, epochs=2, generator_seed=None, **options):
    torch.manual_seed(3)
    if generator_seed is not None:
        options["generator"] = torch.Generator().manual_seed(generator_seed)
    l = DataLoader(range(n), **options)
    orders = [[b.tolist() for b in l] for _ in range(epochs)]
    cases[name] = {"orders": orders, "after": after(), "length": len(l)}
    if generator_seed is not None:
        cases[name]["generator_after"] = torch.randint(0, 2**62, (2,), generator=options["generator"]).tolist()


loader("plain", 10, batch_size=4)
loader("plain_drop", 10, batch_size=4, drop_last=True)
loader("shuffled", 23, batch_size=4, shuffle=True)
loader("shuffled_even", 20, batch_size=5, shuffle=True)
loader("shuffled_drop", 23, batch_size=4, shuffle=True, drop_last=True)
loader("shuffled_generator", 23, batch_size=4, shuffle=True, generator_seed=11)
loader("shuffled_generator_even", 20, batch_size=5, shuffle=True, generator_seed=11)
loader("shuffled_workers", 23, batch_size=4, shuffle=True, num_workers=2)

# One batch looked at, then a whole epoch: listing 13's order of draws.
torch.manual_seed(3)
l = DataLoader(range(23), batch_size=4, shuffle=True)
for b in l:
    first = b.tolist()
    break
cases["early_break"] = {"first": first, "orders": [[b.tolist() for b in l]], "after": after()}


def sampler(name, make, repeat=2):
    torch.manual_seed(5)
    s = make()
    cases[name] = {"orders": [list(s) for _ in range(repeat)], "after": after(), "length": len(s)}


sampler("random", lambda: RandomSampler(range(9)))
sampler("random_more", lambda: RandomSampler(range(9), num_samples=20))
sampler("random_replacement", lambda: RandomSampler(range(9), replacement=True, num_samples=40))
sampler("random_replacement_generator", lambda: RandomSampler(range(9), replacement=True, num_samples=64, generator=torch.Generator().manual_seed(2)))
sampler("subset", lambda: SubsetRandomSampler([4, 8, 15, 16, 23, 42]))
sampler("weighted", lambda: WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3.0, 0.6], 20))
sampler("weighted_unique", lambda: WeightedRandomSampler([0.9, 0.4, 0.05, 0.2, 0.3, 0.1], 5, replacement=False))
sampler("batches", lambda: BatchSampler(SequentialSampler(range(10)), 3, False))

torch.manual_seed(9)
cases["split"] = {"orders": [s.indices for s in random_split(range(12), [5, 7])]}
torch.manual_seed(9)
cases["split_fractions"] = {"orders": [s.indices for s in random_split(range(11), [0.3, 0.3, 0.4])]}
cases["split_generator"] = {"orders": [s.indices for s in random_split(range(10), [3, 7], generator=torch.Generator().manual_seed(42))]}
json.dump(cases, open(os.path.join(here, "orders.json"), "w"))
print(len(cases), "cases, torch", torch.__version__)
