"""Functions, classes, enumerations."""

from programs.values import T

PROGRAMS = {
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
    "keyword_arguments": ("""
def f(x: Tensor):
    return torch.sum(x, dim=1, keepdim=True), x.sum(dim=[0, 1]), torch.cat(tensors=[x, x], dim=0), torch.clamp(x, max=2.0), \
        torch.add(x, x, alpha=2), torch.full(size=[2], fill_value=3.0), x.softmax(dim=0), torch.transpose(x, dim0=0, dim1=1), \
        x.mean([1]), torch.argmax(x, dim=1), x.topk(k=1, dim=1)[1], x.var(0, False), x.std(1)
""", [T]),
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
}
