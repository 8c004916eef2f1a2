"""Programs in TorchScript, with calls of their function f, and programs that are refused."""

T = "torch.tensor([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]])"

PROGRAMS = {
    # Arithmetic
    "arithmetic": ("""
def f(a: int, b: int, x: float):
    return a + b, a - b, a * b, a / b, a // b, a % b, a ** 2, -a, a + x, x // 2, x % 3, abs(-a), divmod(a, b)
""", ["7, 2, 2.5", "-7, 2, -2.5", "7, -2, 0.5"]),
    "bits": ("def f(a: int, b: int):\n    return a & b, a | b, a ^ b, a << 2, a >> 1\n", ["12, 10", "-5, 3"]),
    "comparisons": ("""
def f(a: int, b: float, s: str):
    return a < b, a <= b, a > b, a >= b, a == b, a != b, 1 < a < 5, s < "m", s == "abc", not (a == 3)
""", ["3, 3.0, 'abc'", "4, 5.5, 'xyz'"]),
    "booleans": ("def f(a: bool, b: bool):\n    return a and b, a or b, not a, a == b, int(a) + int(b)\n",
                 ["True, False", "True, True", "False, False"]),
    "numbers_and_tensors": ("""
def f(x: Tensor, n: int, s: float):
    return 1 - x, 2 / x, n * x, x ** 2, 2 < x, x // 2, x % 2, s + x, -x, x == 1, 2.5 >= x
""", [f"{T}, 3, 0.5"]),
    "casts": ("""
def f(x: Tensor, s: str):
    return int(x[0, 0]), float(x[0, 1]), bool(x[0, 0]), int(2.7), float(3), str(12), int("42"), float(s), bool(0), str(True)
""", [f"{T}, '2.5'"]),
    "math_module": ("""
def f(x: float, n: int):
    return math.sqrt(x), math.floor(x), math.ceil(x), math.log(x), math.exp(x), math.pow(x, 2), math.pi, math.gcd(n, 12), \\
        math.inf, math.sin(x), math.factorial(5), math.isnan(x), math.copysign(1.0, -x), math.degrees(x)
""", ["2.5, 18"]),
    "builtins": ("""
def f(a: List[int], x: float):
    return min(a), max(a), sum(a), len(a), sorted(a), abs(-3), round(x), min(3, 4), max(2.5, x), any([True, False]), \\
        all([True, False]), list(range(4)), ord("a"), chr(98), hex(255), bin(5), oct(8), pow(2, 3)
""", ["[3, 1, 2], 2.6"]),
    "conditional_expression": ("def f(n: int):\n    return 'big' if n > 10 else 'mid' if n > 5 else 'small'\n", ["11", "7", "1"]),
    # Strings
    "strings": ("""
def f(s: str):
    return s.upper(), s.lower(), s.strip(), s.split(","), s.replace("a", "bb"), s.find("b"), s.startswith("a"), \\
        s.endswith("c"), ",".join(["x", "y"]), s[0], s[1:3], s[-1], len(s), s + "!", "a" in s, s.count("a"), \\
        s.capitalize(), s.title(), s.isdigit(), s.rstrip("c"), s.splitlines()
""", ["'a,b,c'", "'Abc'"]),
    "formatting": ("""
def f(n: int, x: float, s: str, t: Tensor):
    return "{} and {}".format(n, s), f"{n} {x} {s}", "%d is %s" % (n, s), "{}".format([n, 2]), f"{t}", str([1, 2]), \\
        "{1} {0}".format(n, s)
""", ["3, 2.5, 'abc', torch.tensor([1, 2])"]),
    "string_iteration": ("""
def f(s: str):
    out = ""
    for c in s:
        out = c + out
    return out
""", ["'abc'"]),
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
    # Control flow
    "early_return": ("""
def f(n: int) -> str:
    if n < 0:
        return "negative"
    if n == 0:
        return "zero"
    for i in range(n):
        if i == 3:
            return "reached"
    return "small"
""", ["-1", "0", "2", "9"]),
    "return_in_both_branches": ("""
def f(n: int):
    if n > 0:
        if n > 10:
            return n * 2
        else:
            return n * 3
    elif n == 0:
        x = 7
    else:
        x = -n
    return x
""", ["20", "5", "0", "-3"]),
    "maybe_return_both": ("""
def f(a: int, b: int):
    x = 1
    if a > 0:
        if b > 0:
            return 10
        x += 1
    else:
        if b > 5:
            return 20
        x += 2
    x *= 3
    return x
""", ["1, 1", "1, 0", "0, 6", "0, 0"]),
    "break_and_continue": ("""
def f(n: int):
    total = 0
    last = -1
    for i in range(n):
        if i % 2 == 0:
            continue
        if i > 7:
            break
        total += i
        last = i
    return total, last
""", ["3", "20", "0"]),
    "nested_loops": ("""
def f(n: int):
    found = -1
    count = 0
    for i in range(n):
        for j in range(n):
            count += 1
            if i * j == 6:
                found = i
                break
            if j > i:
                continue
            count += 10
        if found >= 0:
            break
    return found, count
""", ["5", "2"]),
    "return_from_nested_loops": ("""
def f(n: int):
    for i in range(n):
        j = 0
        while True:
            j += 1
            if j > 4:
                break
            if i + j == 5:
                return i, j
    return -1, -1
""", ["1", "3", "0"]),
    "while_loop": ("""
def f(n: int):
    steps = 0
    while n != 1 and steps < 100:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps
""", ["6", "27"]),
    "while_with_break": ("""
def f(x: Tensor):
    i = 0
    while True:
        x = x * 2
        i += 1
        if bool(x.sum() > 100):
            break
    return x, i
""", ["torch.ones(3)"]),
    "ranges": ("""
def f(a: int, b: int, c: int):
    x: List[int] = []
    for i in range(a, b, c):
        x.append(i)
    for i in range(a, b):
        x.append(i * 100)
    return x
""", ["1, 10, 3", "5, 0, -2"]),
    "zip_and_enumerate": ("""
def f(a: List[int], b: List[str]):
    out: List[str] = []
    for i, (x, y) in enumerate(zip(a, b)):
        out.append(str(i) + str(x) + y)
    for i, x in enumerate(a, 5):
        out.append(str(i + x))
    return out
""", ["[1, 2, 3], ['a', 'b']"]),
    "tensor_iteration": ("""
def f(x: Tensor):
    total = torch.zeros(3)
    for row in x:
        total += row
    return total, len(x)
""", [T]),
    "loop_variable_after": ("""
def f(n: int):
    i = -1
    for i in range(n):
        pass
    return i
""", ["3", "0"]),
    "variable_in_branches": ("""
def f(n: int):
    if n > 0:
        x = n
        y = 1.5
    else:
        x = -n
        y = 2.5
    return x * y
""", ["2", "-4"]),
    "raise": ("""
def f(n: int):
    if n < 0:
        raise ValueError("negative: {}".format(n))
    elif n > 10:
        raise RuntimeError("too big")
    assert n != 5, "five"
    return n + 1
""", ["1", "-2", "11", "5"]),
    "raise_in_loop": ("""
def f(a: List[int]):
    total = 0
    for x in a:
        if x < 0:
            raise ValueError("bad")
        total += x
    return total
""", ["[1, 2]", "[1, -2]"]),
    "inplace_in_loop": ("""
def f(x: Tensor, n: int):
    for i in range(n):
        x += i
        x[0] *= 2
    return x.sum()
""", [f"{T}, 3"]),
    # Optional and Union
    "optional": ("""
def f(x: Optional[Tensor], n: Optional[int]):
    if x is None:
        x = torch.zeros(2)
    if n is not None and n > 3:
        x = x + n
    m = n if n is not None else 7
    return x, m, n is None
""", ["None, None", "torch.ones(2), 5", "torch.ones(2), 2"]),
    "optional_after_raise": ("""
def f(x: Optional[int]):
    if x is None:
        raise ValueError("none")
    return x + 1
""", ["1", "None"]),
    "optional_after_assert": ("def f(x: Optional[int]):\n    assert x is not None\n    return x + 1\n", ["1", "None"]),
    "optional_or": ("""
def f(x: Optional[int], y: Optional[int]):
    if x is None or y is None:
        return 0
    return x + y
""", ["1, 2", "None, 2", "1, None"]),
    "optional_in_loop": ("""
def f(a: List[Optional[int]]):
    best: Optional[int] = None
    for x in a:
        if x is not None:
            if best is None:
                best = x
            else:
                best = max(best, x)
    return best
""", ["[1, None, 3, 2]"]),
    "optional_result": ("""
def f(n: int) -> Optional[int]:
    if n > 0:
        return n
    return None
""", ["1", "-1"]),
    "isinstance": ("""
def f(x: Union[int, str, float]) -> str:
    if isinstance(x, int):
        return "int {}".format(x + 1)
    elif isinstance(x, str):
        return "str " + x
    else:
        return "float {}".format(x * 2)
""", ["1", "'a'", "2.5"]),
    "isinstance_static": ("""
def f(x: Tensor, n: int):
    if isinstance(x, Tensor):
        y = x + 1
    if isinstance(n, str):
        y = n + "a"
    return y
""", ["torch.ones(2), 1"]),
    # Tensors
    "indexing": ("""
def f(x: Tensor, i: int):
    return x[0], x[-1, 1], x[:, 1], x[0:1], x[:, ::2], x[..., 0], x[None].shape, x[:, None, 1:].shape, x[i], x[i, :2], \\
        x[torch.tensor([1, 0])], x[x > 0], x[:, torch.tensor([0, 2])], x[..., None].shape, x[..., None, 1:].shape, x[[1, 0]]
""", [f"{T}, 1"]),
    "index_assignment": ("""
def f(x: Tensor, y: Tensor):
    x[0] = 1
    x[1, 1:] = y[:2]
    x[x > 4] = 0
    x[:, 0] += 3
    x[torch.tensor([0]), torch.tensor([2])] = 9
    x[1, 2] -= 1.5
    x[..., 1] *= 2
    return x
""", [f"{T}, torch.tensor([7.0, 8.0])"]),
    "properties": ("""
def f(x: Tensor):
    return x.shape, x.dtype == torch.float32, x.ndim, x.T, x.device.type, x.requires_grad, x.is_cuda, x.size(), x.size(-1), \\
        x.numel(), x.dim(), x.is_floating_point(), x.mT, x.stride()
""", [T]),
    "methods": ("""
def f(x: Tensor):
    return x.view(3, 2), x.reshape([-1]), x.permute(1, 0), x.transpose(0, 1), x.sum(), x.sum(0), x.mean(dim=1, keepdim=True), \\
        x.max(), x.max(1)[0], x.argmax(), x.unsqueeze(0), x.flatten(), x.long(), x.int(), x.double(), x.to(torch.int64), \\
        x.std(), x.clamp(min=0), x.abs().sqrt(), x.repeat(1, 2), x.expand(2, 3), x.unbind(0), x.chunk(2, 1), x.split(1), \\
        x.item() if x.numel() == 1 else 0
""", [T]),
    "functions": ("""
def f(x: Tensor):
    a, b = torch.topk(x, 2)
    v, i = torch.max(x, dim=0)
    return torch.cat([x, x], dim=1), torch.stack([x, x]), torch.where(x > 0, x, torch.zeros_like(x)), torch.arange(3), \\
        torch.zeros(2, 3), torch.ones([2], dtype=torch.int64), torch.full([2], 1.5), a, b, v, i, torch.matmul(x, x.t()), \\
        torch.softmax(x, dim=-1), torch.tensor([1, 2]), torch.tensor([[1.0], [2.0]]), torch.linspace(0, 1, 3), torch.eye(2), \\
        torch.sort(x, dim=1)[0], torch.cumsum(x, 0), torch.einsum("ij,kj->ik", [x, x]), torch.clamp(x, -1, 1), torch.relu(x) @ x.t()
""", [T]),
    "factories": ("""
def f(x: Tensor, n: int):
    return torch.zeros(n, dtype=x.dtype, device=x.device), x.new_zeros([2]), torch.empty([0]).shape, torch.arange(n, dtype=torch.float32), \\
        torch.ones_like(x, dtype=torch.long), torch.tensor(n), torch.tensor(2.5), torch.tensor([True, False]), torch.zeros((2,)), \\
        torch.device("cpu").type
""", [f"{T}, 3"]),
    "tolist": ("""
def f(x: Tensor):
    a: List[List[float]] = x.tolist()
    b: List[int] = x.sum(1).long().tolist()
    return a, b
""", [T]),
    "functional": ("""
def f(x: Tensor, w: Tensor):
    return F.relu(x), F.softmax(x, dim=1), F.linear(x, w), F.dropout(x, 0.5, False), F.gelu(x), F.log_softmax(x, -1), \\
        F.leaky_relu(x, 0.1), F.layer_norm(x, [3]), F.pad(x, [1, 1]), F.normalize(x, dim=1), F.hardtanh(x), F.elu(x), \\
        F.mse_loss(x, x * 2), F.l1_loss(x, x * 2, reduction="sum"), F.smooth_l1_loss(x, x * 2), F.softplus(x), F.silu(x), \\
        F.cosine_similarity(x, x * 2, dim=1), F.one_hot(torch.tensor([0, 2]), 3), F.sigmoid(x), F.tanh(x), F.glu(x[:, :2]), \\
        F.relu6(x), F.hardswish(x), F.mish(x), F.selu(x), F.softsign(x), F.threshold(x, 0.5, 1.0)
""", [f"{T}, torch.ones(2, 3)"]),
    "functional_images": ("""
def f(x: Tensor, w: Tensor):
    y, i = F.max_pool2d(x, 2, return_indices=True)
    return F.max_pool2d(x, 2), F.avg_pool2d(x, 2), F.adaptive_avg_pool2d(x, 1), F.conv2d(x, w, padding=1), y, i, \\
        F.interpolate(x, scale_factor=2.0), F.interpolate(x, size=[2, 2], mode="bilinear", align_corners=False), \\
        F.interpolate(x, size=2), F.pixel_shuffle(torch.cat([x, x, x, x], 1), 2), F.unfold(x, 2), F.max_pool2d(x, [2, 2], stride=1), \\
        F.batch_norm(x, torch.zeros(1), torch.ones(1)), F.group_norm(torch.cat([x, x], 1), 2), F.adaptive_max_pool2d(x, 2), \\
        F.local_response_norm(x, 2), F.instance_norm(x)
""", ["torch.arange(16.0).reshape(1, 1, 4, 4), torch.ones(1, 1, 3, 3)"]),
    "functional_losses": ("""
def f(x: Tensor, y: Tensor):
    p = torch.sigmoid(x)
    t = (x > 0).float()
    return F.cross_entropy(x, y), F.nll_loss(F.log_softmax(x, 1), y), F.binary_cross_entropy(p, t), \\
        F.binary_cross_entropy_with_logits(x, t), F.kl_div(F.log_softmax(x, 1), F.softmax(x * 2, 1), reduction="batchmean"), \\
        F.huber_loss(x, t), F.cross_entropy(x, y, label_smoothing=0.1), F.hinge_embedding_loss(x, t * 2 - 1), \\
        F.soft_margin_loss(x, t * 2 - 1), F.poisson_nll_loss(x, t), F.triplet_margin_loss(x, x + 1, x - 2), \\
        F.multilabel_soft_margin_loss(x, t), F.multi_margin_loss(x, y), F.margin_ranking_loss(x[0], x[1], t[0] * 2 - 1)
""", [f"{T}, torch.tensor([0, 2])"]),
    "embedding": ("""
def f(i: Tensor, w: Tensor):
    return F.embedding(i, w), F.embedding(i, w, padding_idx=-1), F.embedding_bag(i, w, mode="sum")
""", ["torch.tensor([[0, 2], [1, 1]]), torch.arange(12.0).reshape(3, 4)"]),
    "norms": ("""
def f(x: Tensor):
    return torch.norm(x), torch.norm(x, p=1, dim=1), x.norm(), x.norm(2, 0), torch.norm(x, "fro"), torch.linalg.vector_norm(x, 1.0)
""", [T]),
    "no_grad": ("""
def f(x: Tensor):
    with torch.no_grad():
        y = x * 2
        inside = torch.is_grad_enabled()
    return y, inside, torch.is_grad_enabled()
""", [T]),
    "fork_and_wait": ("""
def g(x: Tensor, n: int):
    return x * n
def f(x: Tensor):
    a = torch.jit.fork(g, x, 3)
    b = g(x, 2)
    return torch.jit.wait(a) + b
""", [T]),
    "augmented": ("""
def f(x: Tensor, n: int, s: str):
    x += 1
    x -= n
    x *= 2
    x /= 4
    n += 1
    n *= 3
    n -= 2
    n %= 5
    s += "b"
    return x, n, s
""", [f"{T}, 4, 'a'"]),
    # Functions and classes
    "helpers": ("""
def double(x: int, times: int = 2) -> int:
    return x * times
def apply(x):
    return x + 1
def f(n: int, x: Tensor):
    return double(n), double(n, 5), double(x=n, times=3), apply(x)
""", ["3, torch.zeros(2)"]),
    "classes": ("""
@torch.jit.script
class Counter:
    def __init__(self, start: int, name: str = "c"):
        self.value = start
        self.name = name
        self.history: List[int] = []
    def step(self, by: int = 1) -> int:
        self.value += by
        self.history.append(self.value)
        return self.value
    def __len__(self) -> int:
        return len(self.history)
    def __getitem__(self, i: int) -> int:
        return self.history[i]
    def __add__(self, other: int) -> int:
        return self.value + other
    def __contains__(self, x: int) -> bool:
        return x in self.history
def f(n: int):
    c = Counter(n)
    c.step()
    for i in range(3):
        c.step(by=i)
    c.value = 100
    return c.value, len(c), c[1], c + 5, 1 in c, c.name, c.history
""", ["0", "10"]),
    "named_tuples": ("""
class Point(NamedTuple):
    x: int
    y: float
def make(n: int) -> Point:
    return Point(n, y=2.5)
def f(n: int):
    p = make(n)
    a, b = p
    return p.x + a, p.y, p[1], b
""", ["3"]),
    "enums": ("""
class Color(Enum):
    RED = 1
    BLUE = 2
def f(n: int):
    c = Color.RED if n == 1 else Color.BLUE
    return c == Color.RED, c.name, c.value, Color.BLUE.value, c != Color.BLUE
""", ["1", "2"]),
    "recursion_between_methods": ("""
@torch.jit.script
class Tree:
    def __init__(self):
        self.left = torch.zeros(1)
        self.count = 0
    def add(self, x: Tensor) -> int:
        self.left = self.left + x
        return self.total()
    def total(self) -> int:
        self.count += 1
        return self.count + int(self.left.sum())
def f(x: Tensor):
    t = Tree()
    t.add(x)
    return t.add(x), t.left
""", ["torch.tensor([2.0])"]),
    "any_types": ("""
def g(x: Any) -> str:
    if isinstance(x, int):
        return "int"
    if isinstance(x, List[int]):
        return "list"
    return "other"
def f(n: int):
    return g(n), g([n]), g("a")
""", ["1"]),
    "print_and_docstring": ("""
def f(n: int):
    \"\"\"A docstring.\"\"\"
    warnings.warn("careful")
    return n
""", ["1"]),
    "gradients": ("""
def f(x: Tensor):
    y = x.detach().requires_grad_()
    z = (y * y).sum()
    return z, y.requires_grad, z.requires_grad
""", [T]),
    "complex_numbers": ("""
def f(a: complex):
    return a * 2j, a + 1, abs(a), complex(1.0, 2.0)
""", ["1+2j"]),
    "del_and_redefine": ("""
def f(x: int):
    y = x
    y = y + 1
    z = str(y)
    del y
    return z
""", ["1"]),
    "default_arguments": ("""
def f(n: int, s: str = "q", k: float = 2, o: Optional[int] = None):
    return n, s, k, o
""", ["1", "1, 'z'"]),
    # More control flow
    "return_in_loop_of_loop": ("""
def f(a: List[List[int]], x: int) -> Tuple[int, int]:
    for i, row in enumerate(a):
        for j, y in enumerate(row):
            if y == x:
                return i, j
            elif y < 0:
                break
        else_ = i
    return -1, -1
""", ["[[1, 2], [3, 4]], 4", "[[1, -1, 2], [3, 2]], 2", "[[1]], 9"]),
    "continue_in_while": ("""
def f(n: int):
    out: List[int] = []
    i = 0
    while i < n:
        i += 1
        if i % 3 == 0:
            continue
        if i > 10:
            return out
        out.append(i)
    out.append(-1)
    return out
""", ["5", "20"]),
    "break_after_assignment": ("""
def f(n: int):
    x = 0
    y = 0
    for i in range(n):
        y = i
        if i == 2:
            x = 100
            break
        x += 1
    return x, y
""", ["2", "5"]),
    "nested_if_and_break": ("""
def f(a: List[int]):
    seen = 0
    state = "none"
    for x in a:
        if x > 0:
            if x > 10:
                state = "big"
                break
            else:
                state = "small"
        else:
            if x == 0:
                state = "zero"
                continue
            state = "negative"
        seen += 1
    return seen, state
""", ["[1, 0, -1, 20, 5]", "[0, 0]", "[-3]", "[5, 11]"]),
    "raise_or_return": ("""
def f(n: int) -> int:
    if n > 0:
        return n
    else:
        raise ValueError("must be positive")
""", ["1", "-1"]),
    "return_none": ("""
def f(n: int) -> None:
    if n > 0:
        return
    print("not positive")
""", ["1"]),
    "no_return": ("def f(x: Tensor):\n    x.add_(1)\n", ["torch.zeros(2)"]),
    "while_true_return": ("""
def f(n: int) -> int:
    i = 0
    while i < 1000:
        i += n
        if i > 50:
            return i
    return -1
""", ["7"]),
    "loops_carry_optionals": ("""
def f(xs: List[Tensor]):
    best: Optional[Tensor] = None
    for x in xs:
        if best is None:
            best = x
        elif bool(x.sum() > best.sum()):
            best = x
    assert best is not None
    return best * 2
""", ["[torch.ones(2), torch.ones(2) * 3, torch.zeros(2)]"]),
    "tensor_conditions": ("""
def f(x: Tensor):
    if x.sum() > 0:
        y = 1
    elif x[0]:
        y = 2
    else:
        y = 3
    while x.sum() < 10:
        x = x + 1
    return y, x
""", ["torch.tensor([1.0, 2.0])", "torch.tensor([-1.0, 0.5])", "torch.tensor([0.0, -2.0])"]),
    "conditions_short_circuit": ("""
def f(a: List[int], i: int):
    if i < len(a) and a[i] > 0 or i == 100:
        return "yes"
    return "no" if not (i > 0 and i < len(a)) else "inside"
""", ["[1, -2], 0", "[1, -2], 1", "[1, -2], 5", "[1], 100"]),
    "shadowed_names": ("""
def f(x: Tensor, input: int):
    max = input + 1
    sum = x.sum()
    len_ = [i for i in range(max)]
    for i in range(2):
        max += i
    return max, sum, len_
""", [f"{T}, 2"]),
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
    "optional_ternary": ("""
def f(x: Optional[Tensor], y: Tensor):
    z = y if x is None else x + y
    w = x if x is not None else y
    return z, w
""", ["None, torch.ones(2)", "torch.ones(2), torch.ones(2)"]),
    "not_none_and_else": ("""
def f(x: Optional[int]):
    if not x is None and x > 2:
        return x
    if x is not None:
        y = x + 10
    else:
        y = 0
    return y
""", ["5", "1", "None"]),
    "unions": ("""
def f(x: Union[int, List[int], None]) -> int:
    if x is None:
        return -1
    if isinstance(x, List[int]):
        return len(x)
    return x
""", ["None", "[1, 2, 3]", "7"]),
    "numbers_mixed": ("""
def f(a: int, x: float):
    y = x
    y += a
    return a * x, a / 2, x // 1.5, a % 4, -x % 2.0, y, 2 ** a, a ** -1, x ** a, max(a, 3), min(x, 1.0), float(a) / 3
""", ["5, 2.25"]),
    "integer_division": ("def f(a: int, b: int):\n    return a // b, a % b, a / b\n", ["7, 3", "-7, 3", "7, -3"]),
    "division_by_zero": ("def f(a: int, b: int):\n    return a // b\n", ["1, 0"]),
    "tensor_to_number": ("""
def f(x: Tensor):
    n: int = x.numel()
    a = x.new_zeros([int(x[0, 0]), 2])
    for i in range(int(x[1, 0])):
        n += i
    return n, a.shape, float(x[0, 0]) + 1, x[0, 0].item()
""", [T]),
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
    "keyword_arguments": ("""
def f(x: Tensor):
    return torch.sum(x, dim=1, keepdim=True), x.sum(dim=[0, 1]), torch.cat(tensors=[x, x], dim=0), torch.clamp(x, max=2.0), \
        torch.add(x, x, alpha=2), torch.full(size=[2], fill_value=3.0), x.softmax(dim=0), torch.transpose(x, dim0=0, dim1=1), \
        x.mean([1]), torch.argmax(x, dim=1), x.topk(k=1, dim=1)[1], x.var(0, False), x.std(1)
""", [T]),
    "slices_with_variables": ("""
def f(x: Tensor, a: int, b: Optional[int]):
    y = x[:, a:]
    if b is not None:
        y = x[:, a:b]
    return y, x[a:, None, :-1].shape, x[-1:, ::2], x[0][a]
""", [f"{T}, 1, None", f"{T}, 0, 2"]),
    "masks": ("""
def f(x: Tensor):
    m = (x > 0) & (x < 4) | (x == -6)
    y = x.masked_fill(~m, 0.0)
    z = torch.where(m, x, -x)
    x[m] = 1.0
    x[~m] += 10
    return y, z, x, m.any(), (x != 1).all(), x[m].numel()
""", [T]),
    "inplace_views": ("""
def f(x: Tensor):
    row = x[0]
    row += 5
    col = x[:, 1]
    col.mul_(2)
    x[0, 0], x[1, 1] = x[1, 1] * 1, x[0, 0] * 1
    return x
""", [T]),
    "dtype_arguments": ("""
def f(x: Tensor):
    d = x.dtype
    return x.to(torch.float64).dtype == torch.float64, x.to(d), torch.zeros([1], dtype=d), x.type_as(torch.ones(1, dtype=torch.int64)), \
        x.half().float(), torch.tensor([1, 2], dtype=torch.float32), torch.zeros(2, dtype=torch.long), torch.tensor(3, dtype=torch.int32)
""", [T]),
    "random_state": ("""
def f(n: int):
    torch.manual_seed(5)
    a = torch.rand(n)
    torch.manual_seed(5)
    b = torch.rand(n)
    return bool((a == b).all()), torch.randn(2, 3).shape, torch.randint(0, 5, [4]).max() < 5, torch.randperm(n).sum()
""", ["4"]),
    "lstm_cell_by_hand": ("""
def cell(x: Tensor, state: Tuple[Tensor, Tensor], w: Tensor, u: Tensor) -> Tuple[Tensor, Tensor]:
    h, c = state
    gates = x @ w.t() + h @ u.t()
    i, fo, g, o = gates.chunk(4, 1)
    c = torch.sigmoid(fo) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c
def f(xs: Tensor, w: Tensor, u: Tensor):
    state = (torch.zeros(1, 2), torch.zeros(1, 2))
    outs = torch.jit.annotate(List[Tensor], [])
    for x in xs.unbind(0):
        h, c = cell(x, state, w, u)
        state = (h, c)
        outs += [h]
    return torch.stack(outs), state
""", ["torch.arange(6.0).reshape(3, 1, 2) / 6, torch.linspace(-1, 1, 16).reshape(8, 2), torch.linspace(1, -1, 16).reshape(8, 2)"]),
    "magic_methods": ("""
@torch.jit.script
class Vec:
    def __init__(self, x: float, y: float):
        self.x = x
        self.y = y
    def __add__(self, other: "Vec") -> "Vec":
        return Vec(self.x + other.x, self.y + other.y)
    def __mul__(self, k: float) -> "Vec":
        return Vec(self.x * k, self.y * k)
    def __eq__(self, other: "Vec") -> bool:
        return self.x == other.x and self.y == other.y
    def __lt__(self, other: "Vec") -> bool:
        return self.x < other.x
    def __neg__(self) -> "Vec":
        return Vec(-self.x, -self.y)
    def __call__(self, k: float) -> float:
        return self.x * k
    def __str__(self) -> str:
        return "Vec"
    def __bool__(self) -> bool:
        return self.x != 0.0
    def __setitem__(self, i: int, v: float):
        if i == 0:
            self.x = v
        else:
            self.y = v
    def __getitem__(self, i: int) -> float:
        return self.x if i == 0 else self.y
def f(k: float):
    v = Vec(1.0, 2.0)
    w = v + v * k
    w[1] = 7.0
    u = -w
    same = v == Vec(1.0, 2.0)
    n = 0
    if v:
        n = 1
    return w.x, w.y, w[1], u.x, same, v < w, v(3.0), str(v), n
""", ["2.0"]),
    "properties_of_classes": ("""
@torch.jit.script
class Box:
    def __init__(self, n: int):
        self.n = n
    @property
    def double(self) -> int:
        return self.n * 2
    @staticmethod
    def make(n: int) -> int:
        return n + 100
    def get(self) -> int:
        return self.double + 1
def f(n: int):
    b = Box(n)
    return b.double, b.get()
""", ["4"]),
    "objects_in_containers": ("""
@torch.jit.script
class Node:
    def __init__(self, v: int):
        self.v = v
def f(n: int):
    nodes = [Node(i) for i in range(n)]
    table: Dict[str, Node] = {}
    for node in nodes:
        node.v *= 2
        table[str(node.v)] = node
    total = 0
    for k, node in table.items():
        total += node.v + len(k)
    return total, nodes[0] is nodes[0], nodes[0] is not nodes[1]
""", ["4"]),
    "named_tuple_defaults": ("""
class Options(NamedTuple):
    a: int
    b: Optional[Tensor] = None
def f(n: int):
    o = Options(n)
    p = Options(n, torch.ones(1))
    m = o.b
    q = p.b
    return o.a, m is None, q is None, p._fields if False else p[0]
""", ["3"]),
    "enum_arguments": ("""
class Mode(Enum):
    FAST = "fast"
    SLOW = "slow"
def g(m: Mode) -> int:
    if m == Mode.FAST:
        return 1
    return 2
def f(s: str):
    m = Mode.FAST if s == "fast" else Mode.SLOW
    return g(m), m.value, [Mode.FAST.value, Mode.SLOW.name]
""", ["'fast'", "'x'"]),
    "string_building": ("""
def f(words: List[str]):
    out = ""
    for i, w in enumerate(words):
        if i > 0:
            out += ", "
        out += w.strip().lower()
    return out, out.split(", "), " ".join([w.upper() for w in words]), len(out), out[:3], out.find("b")
""", ["[' A', 'b ', 'C']"]),
    "early_exit_with_tensors": ("""
def f(x: Tensor, threshold: float):
    for i in range(10):
        x = x * 0.5
        if float(x.abs().max()) < threshold:
            return x, i
    return x, -1
""", ["torch.ones(2) * 8, 0.7", "torch.ones(2) * 1e9, 0.1"]),
    "gradients_through_control_flow": ("""
def f(x: Tensor, n: int):
    x = x.detach().requires_grad_()
    y = x
    for i in range(n):
        if i % 2 == 0:
            y = y * x
        else:
            y = y + x
    g = torch.autograd.grad([y.sum()], [x])[0]
    assert g is not None
    return g
""", ["torch.tensor([1.0, 2.0]), 3"]),
}

ERRORS = {
    "undefined": "def f(x):\n    return y\n",
    "one branch": "def f(n: int):\n    if n > 2:\n        z = 3\n    return z\n",
    "two types": "def f(n: int):\n    if n > 2:\n        z = 3\n    else:\n        z = 'a'\n    return z\n",
    "wrong argument": "def f(n: int):\n    return torch.relu(n)\n",
    "no return": "def f(n: int) -> int:\n    for i in range(n):\n        if i > 3:\n            return i\n",
    "changed type": "def f(n: int):\n    s = 'a'\n    for i in range(n):\n        s = i\n    return s\n",
    "wrong result": "def f(n: int) -> str:\n    return n\n",
    "too few": "def g(a: int, b: int) -> int:\n    return a\ndef f(n: int):\n    return g(n)\n",
    "too many": "def f(x):\n    return torch.relu(x, x, x)\n",
    "unknown keyword": "def f(x):\n    return torch.relu(x, foo=1)\n",
    "optional": "def f(x: Optional[Tensor]):\n    return x.sum()\n",
    "unpack": "def f(n: int):\n    a, b = (1, 2, 3)\n    return a\n",
    "not iterable": "def f(n: int):\n    for i in n:\n        pass\n    return n\n",
    "recursion": "def f(n: int) -> int:\n    return f(n)\n",
    "unknown type": "def f(n: Foo):\n    return n\n",
    "break outside": "def f(n: int):\n    break\n    return n\n",
    "two returns": "def f(n: int):\n    if n > 1:\n        return 1\n    return 'a'\n",
    "no attribute": "def f(n: int):\n    return n.foo\n",
    "missing attribute": "def f(x: Tensor):\n    return x.foo_bar\n",
    "non-boolean test": "def f(d: Dict[str, int]):\n    if (1, 2):\n        return 1\n    return 2\n",
    "list of types": "def f(n: int):\n    a: List[str] = [1]\n    return a\n",
    "wrong keyword": "def g(a: int) -> int:\n    return a\ndef f(n: int):\n    return g(b=n)\n",
    "tuple index": "def f(t: Tuple[int, int]):\n    return t[5]\n",
    "starred": "def f(a: List[int]):\n    b, *c = a\n    return b\n",
    "continue outside": "def f(n: int):\n    continue\n",
    "assign to call": "def f(n: int):\n    g(n) = 1\n    return n\n",
    "string index": "def f(a: List[int]):\n    return a['x']\n",
}
