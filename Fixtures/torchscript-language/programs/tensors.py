"""Optional values, and tensors: indexing, methods, operators of all kinds."""

from programs.values import T

PROGRAMS = {
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
    "ties": ("""
def f(x: Tensor, k: int):
    # Which of equal elements are taken is the algorithm's choice.
    return x.topk(k)[1], x.topk(k, largest=False)[1], x.topk(k, sorted=False)[1], \\
        torch.sort(x, stable=True, descending=True)[1], x.argmax(), \\
        torch.stack([x, x], 1).topk(k, dim=0)[1]
""", ["torch.zeros(40), 5", "torch.zeros(1000), 7", "(torch.arange(300) % 4).float(), 60", "torch.arange(500) % 3, 2", "torch.ones(9), 9"]),
    "weight_norms": ("""
def f(v: Tensor, g: Tensor, dim: int):
    return torch._weight_norm(v, g, dim), torch.norm_except_dim(v, 2, dim), torch.norm_except_dim(v, 1, dim)
""", [f"{T}, torch.tensor([[2.0], [0.5]]), 0", f"{T}, torch.tensor([[2.0, 0.5, 1.0]]), 1", f"{T}, torch.tensor(3.0), -1"]),
}
