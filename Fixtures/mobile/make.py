"""Makes networks, and what real PyTorch's dynamic quantization (int8, a scale for each output channel) makes of them.

Run with a Python that has torch: python Fixtures/mobile/make.py

networks.pt is a checkpoint {name: {"model", "inputs", "float", "int8"}}: "model" holds the bytes of the scripted network of
float32, the others the inputs of some calls, and what the network gives for them before and after quantize_dynamic.
"""
import io, os, warnings
import torch
from torch import nn
from torch.ao.quantization import per_channel_dynamic_qconfig, quantize_dynamic

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
torch.backends.quantized.engine = "fbgemm"


class Tagger(nn.Module):
    def __init__(self, **options):
        super().__init__()
        self.lstm = nn.LSTM(12, 10, **options)
        self.fc = nn.Linear(20 if options.get("bidirectional") else 10, 5)

    def forward(self, x):
        y, _ = self.lstm(x)
        return self.fc(torch.relu(y))


def networks():
    torch.manual_seed(0)
    yield "perceptron", nn.Sequential(nn.Linear(20, 30), nn.ReLU(), nn.Dropout(0.2), nn.Linear(30, 7)), (4, 20)
    yield "no_bias", nn.Sequential(nn.Linear(20, 30, bias=False), nn.GELU(), nn.Linear(30, 7, bias=False)), (2, 3, 20)
    yield "lstm", Tagger(), (6, 3, 12)
    yield "lstm_deep", Tagger(num_layers=2, bidirectional=True, batch_first=True, dropout=0.3), (3, 6, 12)


def main():
    result = {}
    for name, model, sizes in networks():
        model.eval()
        buffer = io.BytesIO()
        torch.jit.save(torch.jit.script(model), buffer)
        int8 = quantize_dynamic(model, {kind: per_channel_dynamic_qconfig for kind in (nn.Linear, nn.LSTM)})
        inputs = [torch.randn(sizes), torch.rand(sizes) * 3, torch.zeros(sizes)]
        with torch.no_grad():
            result[name] = {
                "model": torch.frombuffer(bytearray(buffer.getvalue()), dtype=torch.uint8),
                "inputs": inputs, "float": [model(x) for x in inputs], "int8": [int8(x) for x in inputs],
            }
    torch.save(result, os.path.join(os.path.dirname(os.path.abspath(__file__)), "networks.pt"))


main()
