"""Numbers, comparisons, strings."""

from programs.values import T

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
}
