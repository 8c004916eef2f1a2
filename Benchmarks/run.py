"""Runs the Swift and the PyTorch program in turn and prints the table of medians and ratios."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

CASES = [
    ("step", "training step, batch 64", 1, 0.5),
    ("eval", "evaluation of 10,000 images", 1, None),
    ("epoch", "epoch with data loading", 1, 0.4),
    ("adds", "1000 additions of 10 elements", 1, 0.25),
    ("addsGrad", "the same, recorded", 1, 0.25),
    ("lstm", "LSTM, 2 layers, 50 steps, batch 32", 1, None),
    ("lstmStep", "  forwards and backwards", 1, None),
    ("encoder", "transformer encoder, 6 layers", 1, None),
    ("resnet", "ResNet-18 on one image", 1, None),
    ("resnetScript", "  traced", 1, None),
    ("resnetOptimized", "  optimized for inference", 1, None),
    ("mobilenet", "MobileNet v2 on one image", 1, None),
    ("mobilenetScript", "  traced", 1, None),
    ("mobilenetOptimized", "  optimized for inference", 1, None),
    ("first", "start to first result", 1, None),
]


def run(command):
    """The case's own median, the time of the whole process, and its peak memory in MiB."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"failed: {' '.join(command)}")
    seconds = time.perf_counter() - start
    result = json.loads(output.strip().splitlines()[-1])
    return statistics.median(result["milliseconds"]), seconds * 1e3, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--swift", required=True, help="the bench program")
    parser.add_argument("--python", required=True, help="a Python with PyTorch")
    parser.add_argument("--data", required=True, help="folder with the four files of MNIST")
    parser.add_argument("--cases", default=",".join(case[0] for case in CASES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    twin = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bench.py")
    print(f"{'':36}{'SwiftTorch':>14}{'PyTorch':>14}{'ratio':>8}{'goal':>7}")
    for name, title, _, goal in CASES:
        if name not in options.cases.split(","):
            continue
        rounds = 1 if name == "epoch" else options.rounds
        arguments = [name, "--data", options.data, "--threads", str(options.threads)]
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(run([options.swift] + arguments))
            theirs.append(run([options.python, twin] + arguments))
        # Starting up is measured around the process, the rest inside it.
        column = 1 if name == "first" else 0
        a, b = statistics.median(r[column] for r in ours), statistics.median(r[column] for r in theirs)
        print(f"{title:36}{a:>11.3f} ms{b:>11.3f} ms{a / b:>8.2f}{goal or '':>7}", flush=True)
        if name == "step":
            a, b = statistics.median(r[2] for r in ours), statistics.median(r[2] for r in theirs)
            print(f"{'  its peak memory':36}{a:>10.0f} MiB{b:>10.0f} MiB{a / b:>8.2f}{1:>7}", flush=True)


if __name__ == "__main__":
    main()
