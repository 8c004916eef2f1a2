"""The PyTorch twin of Sources/bench: times one case and prints a JSON object."""

import argparse
import json
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.dropout1 = nn.Dropout2d(0.25)
        self.dropout2 = nn.Dropout2d(0.5)
        self.fc1 = nn.Linear(9216, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = torch.flatten(self.dropout1(x), 1)
        x = self.dropout2(F.relu(self.fc1(x)))
        return F.log_softmax(self.fc2(x), dim=1)


def timed(repeats, body, warmup=5):
    for _ in range(warmup):
        body()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        body()
        times.append((time.perf_counter() - start) * 1e3)
    return times


def training_steps():
    model = ConvNet()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    x, target = torch.randn(64, 1, 28, 28), torch.randint(0, 10, (64,))

    def step():
        optimizer.zero_grad()
        loss = F.nll_loss(model(x), target)
        loss.backward()
        optimizer.step()
        loss.item()

    return timed(60, step, warmup=10)


def evaluation():
    model = ConvNet().eval()
    x = torch.randn(1000, 1, 28, 28)

    def run():
        with torch.no_grad():
            for _ in range(10):
                model(x).argmax(dim=1).sum().item()

    return timed(3, run, warmup=1)


def epoch(folder):
    """A whole epoch of the guide's program with torchvision's data loading."""
    import gzip
    import os
    import shutil
    import tempfile

    from torchvision import datasets, transforms

    with tempfile.TemporaryDirectory() as root:
        raw = os.path.join(root, "MNIST", "raw")
        os.makedirs(raw)
        for name in os.listdir(folder):
            if name.endswith(".gz"):
                with gzip.open(os.path.join(folder, name)) as source, open(os.path.join(raw, name[:-3]), "wb") as target:
                    shutil.copyfileobj(source, target)
        transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
        data = datasets.MNIST(root, train=True, transform=transform)
        loader = torch.utils.data.DataLoader(data, batch_size=64, shuffle=True)
        model = ConvNet()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.001)

        def run():
            for x, target in loader:
                optimizer.zero_grad()
                loss = F.nll_loss(model(x), target)
                loss.backward()
                optimizer.step()

        return timed(1, run, warmup=0)


def additions(requires_grad):
    a = torch.ones(10, requires_grad=requires_grad)

    def run():
        b = a
        for _ in range(1000):
            b = b + a

    return timed(200, run, warmup=20)


def recurrent(trains):
    """An LSTM of two layers over 32 sequences of 50 steps."""
    model = nn.LSTM(128, 256, num_layers=2)
    x = torch.randn(50, 32, 128)

    def run():
        if trains:
            model.zero_grad()
            model(x)[0].sum().backward()
        else:
            with torch.no_grad():
                model(x)

    return timed(30, run)


def encoder():
    """Six layers of a transformer's encoder over 8 sequences of 64 steps."""
    layer = nn.TransformerEncoderLayer(256, 4, dim_feedforward=1024, batch_first=True)
    model = nn.TransformerEncoder(layer, 6).eval()
    x = torch.randn(8, 64, 256)

    def run():
        with torch.inference_mode():
            model(x)

    return timed(30, run)


def inference(name):
    """A network on one image: as it is, traced, and optimized for inference."""
    import warnings

    from torchvision import models

    warnings.filterwarnings("ignore")
    model = (models.resnet18 if name.startswith("resnet") else models.mobilenet_v2)(weights=None).eval()
    x = torch.randn(1, 3, 224, 224)
    if name.endswith(("Script", "Optimized")):
        with torch.no_grad():
            model = torch.jit.trace(model, x)
    if name.endswith("Optimized"):
        model = torch.jit.optimize_for_inference(model)

    def run():
        with torch.inference_mode():
            model(x)

    return timed(30, run)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--data")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    if options.name == "first":
        print((torch.tensor([1.0, 2.0]) + 1).sum())
        times = [0]
    else:
        times = {
            "step": training_steps,
            "eval": evaluation,
            "epoch": lambda: epoch(options.data),
            "adds": lambda: additions(False),
            "addsGrad": lambda: additions(True),
            "lstm": lambda: recurrent(False),
            "lstmStep": lambda: recurrent(True),
            "encoder": encoder,
        }.get(options.name, lambda: inference(options.name))()
    print(json.dumps({"case": options.name, "milliseconds": times}))


if __name__ == "__main__":
    main()
