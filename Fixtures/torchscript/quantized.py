"""Quantized models, scripted and traced: name -> (archive's module, calls).

Weights and inputs are small, so that no sum is near the middle between two integers.
"""
import torch
from torch import nn, Tensor
import torch.nn.functional as F
import torch.ao.quantization as Q

# oneDNN's transposed convolutions of some processors are wrong (PyTorch 2.15); FBGEMM's are the products they stand for.
torch.backends.quantized.engine = "fbgemm"


class Tagger(nn.Module):
    def __init__(self, recurrent):
        super().__init__()
        self.recurrent = recurrent
        self.head = nn.Linear(12, 5)

    def forward(self, x: Tensor):
        y, state = self.recurrent(x)
        return self.head(y), state


class Cells(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.gru, self.rnn = nn.LSTMCell(4, 8), nn.GRUCell(8, 8), nn.RNNCell(8, 8)

    def forward(self, x: Tensor):
        h, c = self.lstm(x)
        return self.rnn(self.gru(h)), c


class Net(nn.Module):
    """Every layer that static quantization has a kernel for, more or less."""

    def __init__(self):
        super().__init__()
        self.quant, self.dequant, self.ops = Q.QuantStub(), Q.DeQuantStub(), nn.quantized.FloatFunctional()
        self.more, self.joined = nn.quantized.FloatFunctional(), nn.quantized.FloatFunctional()
        self.conv, self.bn, self.relu = nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU()
        self.depthwise, self.pool, self.swish = nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.MaxPool2d(2), nn.Hardswish()
        self.up, self.flat, self.gate = nn.ConvTranspose2d(8, 4, 2, 2), nn.Conv1d(12, 6, 3), nn.Sigmoid()
        self.head = nn.Linear(6, 5)

    def forward(self, x):
        x = self.quant(x)
        x = self.relu(self.bn(self.conv(x)))
        y = self.ops.add(x, self.depthwise(x))
        y = self.swish(y)
        z = F.interpolate(self.up(self.pool(y)), scale_factor=1.0, mode="nearest")
        y = self.joined.cat([y, z], dim=1)
        y = self.flat(y.reshape(y.size(0), 12, -1))
        y = self.more.mul(y, self.gate(y))
        y = F.adaptive_avg_pool1d(y.relu(), 1).squeeze(-1)
        return self.dequant(self.head(y))


class Values(nn.Module):
    def forward(self, x: Tensor):
        q = torch.quantize_per_tensor(x, 0.1, 10, torch.quint8)
        c = torch.quantize_per_channel(x, torch.tensor([0.1, 0.05]), torch.tensor([0, 3]), 0, torch.qint8)
        r = F.relu6(q)
        return (q.int_repr(), q.dequantize(), c.dequantize(), c.int_repr(), q.q_scale(), q.q_zero_point(), r.dequantize(), q.size(),
                torch.cat([q, r]).dequantize(), q.t().dequantize(), q[0].dequantize(), F.hardtanh(q, -0.5, 0.5).dequantize(),
                q.mean(1).dequantize(), torch.sigmoid(q).dequantize(), torch.clamp(q, 0.0, 1.0).dequantize(), q.dim())


class Bags(nn.Module):
    """Quantized tables: rows, and sums of rows with and without weights."""

    def __init__(self):
        super().__init__()
        config = Q.float_qparams_weight_only_qconfig
        bag, self.rows = nn.EmbeddingBag(12, 6, mode="sum"), nn.Embedding(12, 6)
        self.bag = Q.quantize_dynamic(nn.Sequential(bag), {nn.EmbeddingBag: config})[0]
        self.rows.qconfig = config
        self.rows = nn.quantized.Embedding.from_float(self.rows)

    def forward(self, x: Tensor):
        flat, starts = x.flatten(), torch.tensor([0, 0, 5])
        return (self.bag(x), self.bag(flat, starts), self.bag(flat, starts, flat * 0.5), self.rows(x),
                self.bag._packed_params._weight().dequantize())


def dynamic(module, *layers, dtype=torch.qint8):
    return Q.quantize_dynamic(module.eval(), set(layers), dtype=dtype)


def static(x, fuse=True):
    module = Net().eval()
    module.qconfig = Q.get_default_qconfig("fbgemm")
    # FBGEMM has no transposed convolution with a scale for each channel.
    module.up.qconfig = Q.QConfig(activation=Q.default_observer, weight=Q.default_weight_observer)
    prepared = Q.prepare(Q.fuse_modules(module, [["conv", "bn", "relu"]]))
    prepared(x)
    return Q.convert(prepared)


def quantized():
    x, image, sequence = torch.randn(3, 16), torch.randn(2, 3, 16, 16), torch.randn(2, 7, 8)
    dense = lambda bias=True: nn.Sequential(nn.Linear(16, 12), nn.ReLU(), nn.Linear(12, 4, bias=bias))
    made = {
        "linear": (dynamic(dense(bias=False), nn.Linear), x),
        "linear_half": (dynamic(dense(), nn.Linear, dtype=torch.float16), x),
        "lstm": (dynamic(Tagger(nn.LSTM(8, 6, 2, bidirectional=True, batch_first=True)), nn.LSTM, nn.Linear), sequence),
        "gru": (dynamic(Tagger(nn.GRU(8, 12)), nn.GRU, nn.Linear), sequence),
        "cells": (dynamic(Cells(), nn.LSTMCell, nn.GRUCell, nn.RNNCell), torch.randn(3, 4)),
        "static": (static(image), image),
        "embeddings": (Bags(), torch.tensor([[1, 2, 11], [0, 5, 5], [7, 1, 3]])),
        "values": (Values(), torch.tensor([[0.0, 0.33, -1.2, 7.0], [0.12, -0.61, 99.0, 0.55]])),
    }
    return {f"{name}_{kind}": (torch.jit.script(module) if kind == "script" else
                               torch.jit.trace(module, (x,), check_trace=False), [("forward", [x])])
            for name, (module, x) in made.items() for kind in ("script", "trace") if (name, kind) != ("values", "trace")}
