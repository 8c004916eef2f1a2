#!/usr/bin/env bash
# Builds the benchmark and runs it beside its PyTorch twin. TORCH_PYTHON names a Python with PyTorch.
set -euo pipefail
cd "$(dirname "$0")"
python=${TORCH_PYTHON:-../.venv-torch/bin/python}
"$python" -c 'import torch, torchvision' 2>/dev/null || {
  echo "bench: no PyTorch in '$python': run 'make bench-setup', or set TORCH_PYTHON" >&2
  exit 1
}
data=${MNIST_DATA:-../Sources/TorchVision/Resources/mnist}
swift build -c release --package-path .. --product bench >&2
exec "$python" run.py --swift "$(swift build -c release --package-path .. --show-bin-path)/bench" --python "$python" --data "$data" "$@"
