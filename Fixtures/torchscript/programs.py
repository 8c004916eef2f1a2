"""Programs of several kinds, scripted, with the calls that make.py records: name -> (module or archive, calls)."""
import enum, math, pickletools
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

import torch
from torch import nn
import torch.nn.functional as F
from cases import ints, t


# Models

class BasicBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int = 1):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class ResNet(nn.Module):
    def __init__(self, width: int = 4):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(BasicBlock(width, width), BasicBlock(width, width))
        self.layer2 = nn.Sequential(BasicBlock(width, 2 * width, 2), BasicBlock(2 * width, 2 * width))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(2 * width, 5)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer2(self.layer1(x))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class Tagger(nn.Module):
    """Tags sequences of several lengths at once."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20, 6, padding_idx=0)
        self.lstm = nn.LSTM(6, 5, num_layers=2, bidirectional=True, batch_first=True, dropout=0.1)
        self.tags = nn.Linear(10, 4)

    def forward(self, words, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(self.embedding(words), lengths, batch_first=True, enforce_sorted=False)
        out, (h, c) = self.lstm(packed)
        out, sizes = nn.utils.rnn.pad_packed_sequence(out, batch_first=True)
        return F.log_softmax(self.tags(out), dim=2), h, sizes

    @torch.jit.export
    def viterbi(self, words, lengths) -> List[List[int]]:
        scores, _, sizes = self.forward(words, lengths)
        paths: List[List[int]] = []
        for i in range(scores.size(0)):
            path: List[int] = []
            for j in range(int(sizes[i])):
                path.append(int(scores[i, j].argmax()))
            paths.append(path)
        return paths


class PositionalEncoding(nn.Module):
    def __init__(self, size: int, length: int = 32):
        super().__init__()
        position, division = torch.arange(length).unsqueeze(1), torch.exp(torch.arange(0, size, 2) * (-math.log(10000.0) / size))
        table = torch.zeros(length, 1, size)
        table[:, 0, 0::2], table[:, 0, 1::2] = torch.sin(position * division), torch.cos(position * division)
        self.register_buffer("table", table)

    def forward(self, x):
        return x + self.table[: x.size(0)]


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.position = nn.Embedding(30, 8), PositionalEncoding(8)
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2)
        self.decoder = nn.Linear(8, 30)
        self.decoder.weight = self.embedding.weight
        self.scale = math.sqrt(8)

    def forward(self, words, mask: Optional[torch.Tensor] = None):
        if mask is None:
            mask = torch.full((words.size(0), words.size(0)), float("-inf")).triu(1)
        return self.decoder(self.encoder(self.position(self.embedding(words) * self.scale), mask))


class Detector(nn.Module):
    """Boxes from scores at places of a grid: as many as there are."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU(), nn.Conv2d(4, 4, 3, 2, 1), nn.ReLU())
        self.scores, self.boxes = nn.Conv2d(4, 2, 1), nn.Conv2d(4, 4, 1)

    def suppress(self, boxes, scores, threshold: float) -> List[int]:
        order = scores.argsort(descending=True)
        kept: List[int] = []
        for i in range(len(order)):
            index = int(order[i])
            overlaps = False
            for other in kept:
                low, high = torch.max(boxes[index, :2], boxes[other, :2]), torch.min(boxes[index, 2:], boxes[other, 2:])
                inner = (high - low).clamp(min=0).prod()
                areas = (boxes[index, 2:] - boxes[index, :2]).prod() + (boxes[other, 2:] - boxes[other, :2]).prod()
                if float(inner / (areas - inner)) > threshold:
                    overlaps = True
                    break
            if not overlaps:
                kept.append(index)
        return kept

    def forward(self, images: List[torch.Tensor], threshold: float = 0.5) -> List[Dict[str, torch.Tensor]]:
        results: List[Dict[str, torch.Tensor]] = []
        for image in images:
            features = self.body(image.unsqueeze(0))
            height, width = features.shape[-2:]
            ys, xs = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
            centers = torch.stack([xs, ys, xs, ys], 2).reshape(-1, 4).to(features.dtype) * 4
            sizes = self.boxes(features)[0].permute(1, 2, 0).reshape(-1, 4).exp() * 4
            boxes = centers + sizes * torch.tensor([-1.0, -1.0, 1.0, 1.0])
            scores, labels = self.scores(features)[0].flatten(1).softmax(0).max(0)
            wanted = torch.where(scores > threshold)[0]
            boxes, scores, labels = boxes[wanted], scores[wanted], labels[wanted]
            if boxes.numel() > 0:
                kept = self.suppress(boxes, scores, 0.3)
                index = torch.tensor(kept)
                boxes, scores, labels = boxes[index], scores[index], labels[index]
            results.append({"boxes": boxes, "scores": scores, "labels": labels})
        return results


# The language

class Color(enum.Enum):
    RED = 1
    GREEN = 2


class Mode(enum.Enum):
    ADD = "add"
    SCALE = "scale"


class Point(NamedTuple):
    position: torch.Tensor
    weight: int


@torch.jit.script
class Counter:
    def __init__(self, start: int):
        self.count = start
        self.seen: List[str] = []
        self.by_name: Dict[str, int] = {}

    def add(self, name: str) -> int:
        self.count += 1
        self.seen.append(name)
        if name in self.by_name:
            self.by_name[name] += 1
        else:
            self.by_name[name] = 1
        return self.count


@torch.jit.interface
class Layer(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pass


class Double(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2


class Values(nn.Module):
    """Attributes of every type, several methods, and state that calls change."""

    color: Color
    point: Point
    layer: Layer
    maybe: Optional[int]
    table: Dict[str, List[float]]
    tensors: Dict[int, torch.Tensor]
    either: Union[int, str]

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 3)
        self.again = self.linear
        self.weight = nn.Parameter(torch.tensor([0.5, -1.0]))
        self.tied = self.weight
        self.frozen = nn.Parameter(torch.tensor([2.0, 3.0]), requires_grad=False)
        self.register_buffer("table_buffer", torch.arange(3))
        self.register_buffer("temporary", torch.arange(2.0), persistent=False)
        self.register_parameter("nothing", None)
        self.color, self.point = Color.GREEN, Point(torch.ones(2), 3)
        self.layer = Double()
        self.ints, self.floats, self.bools, self.words = [1, 2], [0.5], [True, False], ["a", "b"]
        self.table, self.tensors, self.maybe, self.either = {"a": [1.0, 2.5], "b": []}, {7: torch.ones(1)}, None, "text"
        self.pair, self.device, self.number, self.big, self.text = (1, "x"), torch.device("cpu"), 1 + 2j, 1 << 40, 'quo"te\n'
        self.counter = Counter(3)
        self.stack = [torch.ones(2), torch.zeros(1, 2)]
        self.state = torch.zeros(2)
        self.infinity = float("inf")

    def forward(self, x, scale: float = 1.0, name: str = "plain"):
        y = self.linear(x) + self.again(x)
        if self.color == Color.RED:
            y = y * 10
        self.state = self.state + x.sum(0)
        count = self.counter.add(name)
        return y * scale, self.layer(x) @ self.tied, count

    @torch.jit.export
    def attributes(self):
        return (
            self.ints, self.floats, self.bools, self.words, self.table, self.tensors, self.maybe, self.pair, self.number,
            self.big, self.text, self.counter.seen, self.counter.by_name, self.stack, self.state, self.point.weight,
            self.table_buffer, self.temporary, self.infinity)

    @torch.jit.export
    def paint(self, red: bool) -> str:
        self.color = Color.RED if red else Color.GREEN
        return self.color.name + " " + str(self.color.value)

    @torch.jit.export
    def points(self, n: int) -> List[Point]:
        return [Point(self.weight * i, i) for i in range(n)]

    @torch.jit.export
    def describe(self, value: Union[int, str, List[int]]) -> str:
        if isinstance(value, int):
            return "int {}".format(value + 1)
        elif isinstance(value, str):
            return "str " + value.upper()
        else:
            return "list %d" % len(value)


class Control(nn.Module):
    """Loops, early returns, exceptions, strings, dictionaries and tuples."""

    def forward(self, x, n: int) -> torch.Tensor:
        total = torch.zeros_like(x)
        i = 0
        while i < n:
            i += 1
            if i % 2 == 0:
                continue
            if i > 7:
                break
            total = total + x * i
        for row in x:
            if bool(row.sum() > 100):
                return total
        return total - 1

    @torch.jit.export
    def text(self, words: List[str]) -> Tuple[str, Dict[str, int], List[str]]:
        counts: Dict[str, int] = {}
        for word in words:
            word = word.lower().strip()
            counts[word] = counts.get(word, 0) + 1
        order = sorted(counts.keys())
        text = ", ".join(order)
        return f"{text}: {len(words)}", counts, [word[::-1] for word in order]

    @torch.jit.export
    def numbers(self, a: int, b: float) -> Tuple[float, float, int, float, bool, float]:
        return a // 3 * 2 ** 3, b % 2.0, -a // 2, math.sqrt(b) + abs(-b), a == 7 and not b > 3.0, round(b) + max(a, 3)

    @torch.jit.export
    def checked(self, x, limit: float):
        assert x.dim() == 2, "expected two dimensions"
        if float(x.max()) > limit:
            raise ValueError(f"too large: {limit}")
        return x.sum()

    @torch.jit.export
    def fibonacci(self, n: int) -> List[int]:
        values = [0, 1]
        for _ in range(n):
            values.append(values[-1] + values[-2])
        del values[0]
        return values[1:]

    @torch.jit.export
    def zipped(self, a: List[int], b: List[float]) -> List[Tuple[int, float]]:
        pairs: List[Tuple[int, float]] = []
        for i, (x, y) in enumerate(zip(a, b)):
            pairs.append((x + i, y))
        pairs.reverse()
        return pairs

    @torch.jit.export
    def indexing(self, x):
        y = x.clone()
        y[0] = 0
        y[1:, ::2] += 1
        y[y > 1.5] = -1
        a, b = y.split(1)
        return y, a[..., None], b[:, [0, 2]], x[None, 1].t(), x[torch.tensor([1, 0])]

    @torch.jit.export
    def anything(self, value: Any) -> str:
        if torch.jit.isinstance(value, List[int]):
            return "ints"
        if isinstance(value, torch.Tensor):
            return "tensor"
        return "other"


class Stateful(nn.Module):
    """Keeps its state in its own way: __getstate__ and __setstate__."""

    def __init__(self):
        super().__init__()
        self.values = [1, 2, 3]
        self.sum = 0
        self.weight = nn.Parameter(torch.ones(2))

    @torch.jit.export
    def __getstate__(self):
        return self.values, self.weight, self.training

    @torch.jit.export
    def __setstate__(self, state: Tuple[List[int], torch.Tensor, bool]):
        self.values = state[0]
        self.weight = state[1]
        self.training = state[2]
        self.sum = sum(self.values)

    def forward(self, x):
        return x * self.sum + self.weight


class Hooked(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.linear.register_forward_pre_hook(doubled)
        self.linear.register_forward_hook(increased)
        self.register_forward_pre_hook(doubled)
        self.register_forward_hook(increased)

    def forward(self, x):
        return self.linear(x)


def doubled(self, inputs: Tuple[torch.Tensor]) -> Tuple[torch.Tensor]:
    return (inputs[0] * 2,)


def increased(self, inputs: Tuple[torch.Tensor], output: torch.Tensor) -> torch.Tensor:
    return output + inputs[0].sum()


@torch.jit.script
def helper(x, times: int = 2):
    for _ in range(times):
        x = F.gelu(x)
    return x


class Mixed(nn.Module):
    """Traced with a scripted function and a scripted module in it, which keep their control flow."""

    def __init__(self):
        super().__init__()
        self.inner = torch.jit.script(Gate())
        self.outer = nn.Linear(3, 3)

    def forward(self, x):
        return self.inner(self.outer(helper(x)))


class Gate(nn.Module):
    def forward(self, x):
        if bool(x.sum() > 0):
            return x
        else:
            return -x


class Forked(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])

    def forward(self, x):
        futures: List[torch.jit.Future[torch.Tensor]] = []
        for layer in self.layers:
            futures.append(torch.jit.fork(layer, x))
        results = [torch.jit.wait(future) for future in futures]
        with torch.no_grad():
            scale = results[0].sum()
        return torch.stack(results) * scale


class Classifier(nn.Module):
    """What is trained."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3)
        self.linear = nn.Linear(12, 4)

    def forward(self, x, target):
        x = F.max_pool2d(F.relu(self.norm(self.conv(x))), 2)
        return F.cross_entropy(self.linear(x.flatten(1)), target)


@torch.jit.script
def scripted_function(x, y: int = 3):
    return x + y


def detection():
    """torchvision's operators, which register themselves."""
    import torchvision

    class Pooled(nn.Module):
        def forward(self, features, boxes, scores):
            kept = torchvision.ops.nms(boxes, scores, 0.5)
            rois = torch.cat([torch.zeros(len(kept), 1), boxes[kept]], 1)
            return kept, torchvision.ops.roi_align(features, rois, (2, 2), 1.0, 2)

    boxes = torch.tensor([[0.0, 0, 4, 4], [0.5, 0, 4, 4], [2, 2, 6, 6], [1, 5, 3, 7]])
    return Pooled(), [("forward", (t(1, 2, 8, 8), boxes, torch.tensor([0.9, 0.8, 0.7, 0.6])))]


def programs():
    from make import archive, repacked
    torch.manual_seed(2)
    x = t(2, 2, seed=3)
    words, lengths = ints(19, 3, 6, seed=1) + 1, torch.tensor([4, 6, 2])
    resnet = ResNet()
    for _ in range(3):
        resnet(torch.randn(4, 3, 32, 32))  # statistics that are not trivial
    classifier = Classifier()
    values, control, pooled = torch.jit.script(Values()), torch.jit.script(Control()), detection()
    tagger, encoder = torch.jit.script(Tagger().eval()), torch.jit.script(Encoder().eval())
    resnet_calls = [("forward", (t(2, 3, 32, 32, seed=4),))]
    all_programs = {
        "resnet": (torch.jit.script(resnet.eval()), resnet_calls),
        "resnet-traced": (torch.jit.trace(resnet, t(1, 3, 32, 32)), resnet_calls),
        "resnet-frozen": (torch.jit.freeze(torch.jit.script(resnet)), resnet_calls),
        "tagger": (tagger, [("forward", (words, lengths)), ("viterbi", (words, lengths))]),
        "encoder": (encoder, [("forward", (ints(30, 5, 2),)), ("forward", (ints(30, 4, 1, seed=2), torch.zeros(4, 4)))]),
        "detector": (
            torch.jit.script(Detector()),
            [("forward", ([t(3, 16, 24), t(3, 20, 20, seed=1)], 0.5)), ("forward", ([t(3, 16, 16, seed=2)], 0.99))]),
        "pooled": (torch.jit.script(pooled[0]), pooled[1]),
        "values": (
            values,
            [("forward", (x,)), ("paint", (True,)), ("forward", (x, 2.0, "red")), ("attributes", ()), ("points", (3,)),
             ("describe", (3,)), ("describe", ("three",)), ("describe", ([1, 2],))]),
        "control": (
            control,
            [("forward", (t(2, 3), 12)), ("forward", (t(2, 3) + 200, 3)), ("text", (["b ", "A", "a"],)), ("numbers", (7, 2.5)),
             ("checked", (x, 10.0)), ("checked", (x, -10.0)), ("checked", (x[0], 1.0)), ("fibonacci", (10,)),
             ("zipped", ([1, 2, 3], [0.5, 1.5])), ("indexing", (t(2, 3, scale=2),)), ("anything", ([1],)), ("anything", (x,)),
             ("anything", ("s",))]),
        "stateful": (torch.jit.script(Stateful()), [("forward", (x,))]),
        "hooked": (torch.jit.script(Hooked()), [("__call__", (x,)), ("forward", (x,))]),
        "mixed": (torch.jit.trace(Mixed(), t(2, 3), check_trace=False), [("forward", (t(2, 3),)), ("forward", (-t(2, 3),))]),
        "forked": (torch.jit.script(Forked()), [("forward", (x,))]),
        "classifier": (torch.jit.script(classifier), [("forward", (t(4, 1, 6, 6), ints(4, 4)))]),
        "function": (scripted_function, [("forward", (x, 5))]),
    }
    # Archives as others write them.
    data = archive(all_programs["resnet"][0])
    all_programs["renamed"] = (repacked(data, folder="another name.v2"), resnet_calls)
    all_programs["deflated"] = (repacked(data, compress=8), resnet_calls)
    all_programs["old"] = (old(data), resnet_calls)
    return all_programs


def old(data):
    """What PyTorch 1.6 wrote: no byteorder, no identity, no `_is_full_backward_hook`."""
    from make import repacked

    def change(name, content):
        if name.endswith(".py"):
            lines = content.decode().split("\n")
            return "\n".join(line for line in lines if "_is_full_backward_hook" not in line).encode()
        return without_hook(content) if name == "data.pkl" else content

    return repacked(
        data, keep=lambda name: name not in ("byteorder", ".data/serialization_id") and not name.endswith("debug_pkl"),
        change=change)


def without_hook(pickle):
    """The pickle without the attribute `_is_full_backward_hook`, but for the first, which the memo needs."""
    out, operations = b"", list(pickletools.genops(pickle))
    ends = [position for _, _, position in operations[1:]] + [len(pickle)]
    memo, skipped = None, 0
    for i, ((operation, argument, position), end) in enumerate(zip(operations, ends)):
        if operation.name == "BINUNICODE" and argument == "_is_full_backward_hook":
            memo = operations[i + 1][1]
        elif operation.name == "BINGET" and argument == memo:
            skipped = 2  # the name and None
        if skipped:
            skipped -= 1
        else:
            out += pickle[position:end]
    return out
