#!/usr/bin/env python3
"""Rebuilds Fixtures/vision from real torchvision.

totensor-normalize.txt: for each byte 0…255 the float32 bit pattern (hexadecimal) of
Compose([ToTensor(), Normalize((0.1307,), (0.3081,))]) on a gray image, then of ToTensor() alone.
"""

import pathlib

import numpy
import torchvision.transforms as transforms
from PIL import Image

TARGET = pathlib.Path(__file__).resolve().parent.parent / "Fixtures/vision"


def main():
    TARGET.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(numpy.arange(256, dtype=numpy.uint8).reshape(16, 16))
    raw = transforms.ToTensor()(image)
    normalized = transforms.Normalize((0.1307,), (0.3081,))(raw)
    bits = lambda tensor: tensor.flatten().numpy().view(numpy.uint32)
    rows = [f"{a:08x} {b:08x}" for a, b in zip(bits(normalized), bits(raw))]
    (TARGET / "totensor-normalize.txt").write_text("\n".join(rows) + "\n")


main()
