"""The first losses of the guide's classifier under PyTorch, trained on the bundled subset of MNIST."""

import gzip
import json
import os
import shutil
import tempfile

import torch
import torch.nn as nn
import torch.nn.functional as F
from torchvision import datasets, transforms

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "../../Sources/TorchVision/Resources/mnist")


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, 1)
        self.conv2 = nn.Conv2d(32, 64, 3, 1)
        self.dropout1 = nn.Dropout2d(0.25)
        self.dropout2 = nn.Dropout2d(0.5)
        self.fc1 = nn.Linear(9216, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = F.relu(self.conv2(F.relu(self.conv1(x))))
        x = torch.flatten(self.dropout1(F.max_pool2d(x, 2)), 1)
        return F.log_softmax(self.fc2(self.dropout2(F.relu(self.fc1(x)))), dim=1)


def main():
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as root:
        raw = os.path.join(root, "MNIST", "raw")
        os.makedirs(raw)
        for name in os.listdir(DATA):
            if name.endswith(".gz"):
                with gzip.open(os.path.join(DATA, name)) as source, open(os.path.join(raw, name[:-3]), "wb") as target:
                    shutil.copyfileobj(source, target)
        transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
        data = datasets.MNIST(root, train=True, transform=transform)
        loader = torch.utils.data.DataLoader(data, batch_size=64, shuffle=True)
        _, first = next(iter(loader))
        model = ConvNet()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
        losses = []
        for x, target in loader:
            optimizer.zero_grad()
            loss = F.nll_loss(model(x), target)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            if len(losses) == 20:
                break
    with open(os.path.join(HERE, "course.json"), "w") as file:
        json.dump({"first_labels": first[:10].tolist(), "losses": losses}, file)


main()
