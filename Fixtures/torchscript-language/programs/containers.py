"""Lists, dictionaries, tuples."""

from programs.values import T

PROGRAMS = {
    # Lists
    "lists": ("""
def f(a: List[int]):
    a.append(4)
    a.insert(0, 9)
    b = a.pop()
    a.extend([7, 8])
    a.reverse()
    a[0] = 5
    a += [1]
    c = a.copy()
    c.sort()
    a.remove(9)
    del a[0]
    d = a + [2]
    return b, c, d, a.index(7), a.count(1), 7 in a, a[1:], a[-1], a[::2], a == d, len(a), [0] * 3
""", ["[1, 2, 3]"]),
    "list_of_floats": ("def f(a: List[float]):\n    a[0] += 1.5\n    a[1] *= 2.0\n    return sum(a), a\n", ["[1.0, 2.0]"]),
    "list_comprehension": ("""
def f(a: List[int], x: List[Tensor]):
    return [i * 2 for i in a], [t.sum() for t in x], [str(i) for i in range(3)], [[j for j in range(i)] for i in a]
""", ["[1, 2, 3], [torch.ones(2), torch.zeros(3)]"]),
    "dict_comprehension": ("def f(a: List[int]):\n    return {i: str(i) for i in a}\n", ["[1, 2]"]),
    "nested_lists": ("""
def f(n: int):
    m: List[List[int]] = []
    for i in range(n):
        row: List[int] = []
        for j in range(i):
            row.append(i * j)
        m.append(row)
    return m, m[1], len(m)
""", ["4"]),
    "empty_list_of_tensors": ("""
def f(x: Tensor):
    parts = []
    for i in range(x.size(0)):
        parts.append(x[i] * i)
    return torch.stack(parts)
""", [T]),
    "unpacking": ("""
def f(a: List[int], t: Tuple[int, str, float]):
    x, y, z = a
    p, *q = t
    *r, s = t
    m, (n, o) = 1, (2, 3)
    x, y = y, x
    return x, y, z, p, q, r, s, m + n + o
""", ["[1, 2, 3], (1, 'a', 2.5)"]),
    # Dictionaries
    "dictionaries": ("""
def f(d: Dict[str, int]):
    d["c"] = 3
    total = 0
    names: List[str] = []
    for k, v in d.items():
        total += v
        names.append(k)
    for k in d:
        names.append(k)
    got = d.get("z", -1)
    popped = d.pop("a")
    e = {"x": 1, "y": 2}
    e.update({"z": 9})
    del e["x"]
    return total, names, got, popped, "b" in d, len(d), list(d.keys()), list(d.values()), e, d.setdefault("q", 5), d
""", ["{'a': 1, 'b': 2}"]),
    "dict_of_lists": ("""
def f(n: int):
    d: Dict[int, List[int]] = {}
    for i in range(n):
        k = i % 2
        if k not in d:
            d[k] = torch.jit.annotate(List[int], [])
        d[k].append(i)
    return d
""", ["5"]),
    "missing_key": ("def f(d: Dict[str, int]):\n    return d['x']\n", ["{'a': 1}"]),
    # Tuples
    "tuples": ("""
def f(t: Tuple[int, float, str]):
    a = t[0], t[-1]
    return a, t[1:], len(t), (1,) , (1, 2) == (1, 2)
""", ["(1, 2.5, 'x')"]),
    "tuple_iteration": ("""
def f(t: Tuple[int, int, int]):
    total = 0
    for x in t:
        total += x
    for i, x in enumerate(t):
        total += i * x
    return total
""", ["(1, 2, 3)"]),
    "comprehension_scope": ("""
def f(n: int):
    i = 100
    a = [i * 2 for i in range(n)]
    return i, a
""", ["3"]),
    "comprehension_over_tuple": ("""
def f(t: Tuple[Tensor, Tensor]):
    return [x + 1 for x in t], torch.cat([x.sum().reshape(1) for x in t])
""", ["(torch.ones(2), torch.zeros(3))"]),
    "zip_of_tuples": ("""
def f(a: Tuple[int, int], b: Tuple[str, str]):
    out: List[str] = []
    for x, y in zip(a, b):
        out.append(y * 1 if False else y + str(x))
    return out
""", ["(1, 2), ('a', 'b')"]),
    "optional_lists": ("""
def f(xs: Optional[List[int]] = None, d: Optional[Dict[str, Tensor]] = None):
    n = 0
    if xs is not None:
        n = len(xs)
    if d is not None and "a" in d:
        n += d["a"].numel()
    return n
""", ["", "[1, 2]", "[1], {'a': torch.zeros(3)}"]),
    "lists_of_lists_of_tensors": ("""
def f(xs: List[List[Tensor]]):
    flat: List[Tensor] = []
    for row in xs:
        flat += row
    return torch.stack(flat).sum(0), len(flat), xs[0][-1]
""", ["[[torch.ones(2)], [torch.zeros(2), torch.ones(2) * 4]]"]),
    "dict_of_tensors": ("""
def f(d: Dict[str, Tensor]):
    out: Dict[str, Tensor] = {}
    for k, v in d.items():
        out[k + "_"] = v * 2
    total = torch.zeros(1)
    for v in d.values():
        total += v.sum()
    return out, total, sorted(list(d.keys()))
""", ["{'b': torch.ones(2), 'a': torch.ones(1)}"]),
    "dict_with_int_keys": ("""
def f(n: int):
    d = {1: "a", 2: "b"}
    d[n] = "c"
    t = torch.jit.annotate(Dict[int, Tensor], {})
    t[n] = torch.ones(1)
    return d, t, dict([(1, 2), (3, 4)])
""", ["5"]),
    "list_slices": ("""
def f(a: List[int], i: int):
    b = a[i:]
    b.append(7)
    return a[:i], b, a[-2:], a[::-1] if False else a[1:-1], a[i:i + 2]
""", ["[1, 2, 3, 4], 1"]),
    "list_index_error": ("def f(a: List[int]):\n    return a[10]\n", ["[1]"]),
    "list_equality": ("""
def f(a: List[int], x: Tensor):
    return a == [1, 2], a != [1, 2], x.shape == [2, 3], list(x.shape), x.size() == x.t().size()
""", [f"[1, 2], {T}"]),
    "tuple_of_lists": ("""
def g(x: Tensor) -> Tuple[List[int], Tensor]:
    return list(x.size()), x.flatten()
def f(x: Tensor):
    shape, flat = g(x)
    (a, b), c = g(x)[0], 1
    return shape, flat.view(shape), a * b + c
""", [T]),
    "string_building": ("""
def f(words: List[str]):
    out = ""
    for i, w in enumerate(words):
        if i > 0:
            out += ", "
        out += w.strip().lower()
    return out, out.split(", "), " ".join([w.upper() for w in words]), len(out), out[:3], out.find("b")
""", ["[' A', 'b ', 'C']"]),
}
