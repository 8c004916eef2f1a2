"""Branches, loops, early returns, exceptions."""

from programs.values import T

PROGRAMS = {
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
    "early_exit_with_tensors": ("""
def f(x: Tensor, threshold: float):
    for i in range(10):
        x = x * 0.5
        if float(x.abs().max()) < threshold:
            return x, i
    return x, -1
""", ["torch.ones(2) * 8, 0.7", "torch.ones(2) * 1e9, 0.1"]),
}
