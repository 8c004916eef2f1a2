"""Makes Fixtures/recurrent/*.json from real PyTorch: outputs and gradients of recurrent networks and Transformers, and draws.

Run with a Python that has torch: python Fixtures/recurrent/make.py
The Swift twins of the cases are in Tests/TorchNNTests/SequenceFixtureTests.swift, under the same names; seeds make the same
weights and inputs there. A tensor is kept as a digest: its size and two sums with weights over its elements.
"""
import json, os
import torch
from torch import nn
from torch.nn.utils import rnn

here = os.path.dirname(os.path.abspath(__file__))
torch.set_num_threads(1)


def digest(t):
    if t is None:
        return None
    v = t.detach().double().flatten()
    k = torch.arange(v.numel(), dtype=torch.float64)
    return {"shape": list(t.shape), "sums": [(v * torch.cos(k)).sum().item(), (v * torch.sin(k * 0.37)).sum().item()]}


def loss(t):
    # Weights that differ: the plain sum of squares of a normalized layer is constant.
    return (t * t * torch.cos(torch.arange(t.numel()).view(t.shape))).sum()


def flat(value):
    if isinstance(value, rnn.PackedSequence):
        return [value.data]
    if isinstance(value, (tuple, list)):
        return [t for v in value for t in flat(v)]
    return [] if value is None else [value]


def x(*sizes):
    return torch.randn(*sizes, requires_grad=True)


LENGTHS = [4, 2, 2, 1]


def recurrent(make, packed=None, state=None, sizes=(5, 4, 3)):
    def run():
        model = make()
        inputs = [x(*sizes)]
        h = None
        if state is not None:
            hs = [x(*s) for s in state]
            inputs += hs
            h = tuple(hs) if len(hs) > 1 else hs[0]
        given = inputs[0]
        if packed is not None:
            given = rnn.pack_padded_sequence(given, packed, enforce_sorted=packed == sorted(packed, reverse=True))
        return model, inputs, model(given, h)
    return run


def attention(make, call, *sizes):
    def run():
        model = make()
        inputs = [x(*s) for s in sizes]
        return model, inputs, call(model, *inputs)
    return run


def causal(n):
    return nn.Transformer.generate_square_subsequent_mask(n)


PAD = torch.tensor([[False, False, True, True], [False, False, False, True]])

cases = {
    "RNN": recurrent(lambda: nn.RNN(3, 5)),
    "RNNReLU": recurrent(lambda: nn.RNN(3, 5, num_layers=2, nonlinearity="relu", bias=False, batch_first=True), sizes=(4, 5, 3)),
    "GRU": recurrent(lambda: nn.GRU(3, 5, num_layers=2, bidirectional=True), state=[(4, 4, 5)]),
    "GRUDropout": recurrent(lambda: nn.GRU(3, 5, num_layers=3, dropout=0.4)),
    "LSTM": recurrent(lambda: nn.LSTM(3, 5, num_layers=2, bidirectional=True)),
    "LSTMProjection": recurrent(lambda: nn.LSTM(3, 5, num_layers=2, proj_size=2, batch_first=True), state=[(2, 5, 2), (2, 5, 5)]),
    "LSTMUnbatched": recurrent(lambda: nn.LSTM(3, 5), sizes=(6, 3)),
    "LSTMPacked": recurrent(lambda: nn.LSTM(3, 5, num_layers=2, bidirectional=True), packed=LENGTHS, sizes=(4, 4, 3)),
    "GRUPackedUnsorted": recurrent(lambda: nn.GRU(3, 5, bidirectional=True), packed=[1, 4, 2, 3], state=[(2, 4, 5)], sizes=(4, 4, 3)),
    "RNNCell": attention(lambda: nn.RNNCell(3, 5), lambda m, a, h: m(a, h), (4, 3), (4, 5)),
    "LSTMCell": attention(lambda: nn.LSTMCell(3, 5), lambda m, a: m(a), (4, 3)),
    "GRUCell": attention(lambda: nn.GRUCell(3, 5, bias=False), lambda m, a, h: m(a, h), (3,), (5,)),
    "Attention": attention(lambda: nn.MultiheadAttention(8, 2), lambda m, a: m(a, a, a), (5, 3, 8)),
    "AttentionMasks": attention(
        lambda: nn.MultiheadAttention(8, 2, batch_first=True),
        lambda m, q, k: m(q, k, k, key_padding_mask=PAD, attn_mask=torch.ones(3, 4).triu(2).bool(), average_attn_weights=False),
        (2, 3, 8), (2, 4, 8)),
    "AttentionPlain": attention(
        lambda: nn.MultiheadAttention(8, 2, bias=False), lambda m, a: m(a, a, a, need_weights=False, attn_mask=causal(5)), (5, 3, 8)),
    "AttentionSizes": attention(
        lambda: nn.MultiheadAttention(8, 4, kdim=6, vdim=5, add_bias_kv=True, add_zero_attn=True),
        lambda m, q, k, v: m(q, k, v), (3, 2, 8), (4, 2, 6), (4, 2, 5)),
    "AttentionUnbatched": attention(lambda: nn.MultiheadAttention(8, 2, dropout=0.3), lambda m, a: m(a, a, a), (5, 8)),
    "EncoderLayer": attention(lambda: nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0), lambda m, a: m(a), (5, 3, 8)),
    "EncoderLayerNormFirst": attention(
        lambda: nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, activation="gelu", norm_first=True, batch_first=True),
        lambda m, a: m(a, src_key_padding_mask=PAD), (2, 4, 8)),
    "DecoderLayer": attention(
        lambda: nn.TransformerDecoderLayer(8, 2, 16, dropout=0.0), lambda m, t, s: m(t, s, tgt_mask=causal(3)), (3, 2, 8), (4, 2, 8)),
    "Encoder": attention(
        lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0), 2, norm=nn.LayerNorm(8)),
        lambda m, a: m(a), (5, 3, 8)),
    "Transformer": attention(
        lambda: nn.Transformer(8, 2, 2, 1, 16, dropout=0.0), lambda m, s, t: m(s, t, tgt_mask=causal(3)), (4, 2, 8), (3, 2, 8)),
    "TransformerDropout": attention(
        lambda: nn.Transformer(8, 2, 1, 1, 16, batch_first=True), lambda m, s, t: m(s, t), (2, 4, 8), (2, 3, 8)),
}

found = {}
for name, run in cases.items():
    torch.manual_seed(11)
    model, inputs, result = run()
    outputs = flat(result)
    sum(loss(o) for o in outputs).backward()
    found[name] = {
        "repr": repr(model),
        "keys": list(model.state_dict().keys()),
        "weights": [digest(p) for p in model.parameters()],
        "outputs": [digest(o) for o in outputs],
        "gradients": [digest(t.grad) for t in inputs + list(model.parameters())],
    }
json.dump(found, open(os.path.join(here, "networks.json"), "w"), indent=0)

# Draws: what a seed gives.
g = {}
def draw(name, make):
    torch.manual_seed(5)
    g[name] = [float(v) for v in make().double().flatten()]
p = torch.tensor([[0.1, 0.0, 0.4, 0.5], [1.0, 2.0, 3.0, 4.0]])
draw("geometric", lambda: torch.zeros(9).geometric_(0.3))
draw("geometricInt", lambda: torch.zeros(9, dtype=torch.int64).geometric_(0.3))
draw("cauchy", lambda: torch.zeros(9).cauchy_(1.0, 2.0))
draw("cauchyDouble", lambda: torch.zeros(9, dtype=torch.float64).cauchy_(1.0, 2.0))
draw("logNormal", lambda: torch.zeros(9).log_normal_(0.5, 0.25))
draw("exponential", lambda: torch.zeros(9).exponential_(1.5))
draw("multinomial", lambda: torch.multinomial(p, 3))
draw("multinomialOne", lambda: torch.multinomial(p, 1))
draw("multinomialReplacement", lambda: torch.multinomial(p, 6, True))
draw("normalTensors", lambda: torch.normal(torch.arange(1.0, 5.0), torch.arange(1.0, 5.0)))
draw("normalMean", lambda: torch.normal(torch.arange(20.0), 2.0))
draw("normalStd", lambda: torch.normal(1.0, torch.arange(20.0)))
draw("randint", lambda: torch.randint(-3, 7, (9,)))
draw("randintLike", lambda: torch.randint_like(torch.zeros(9), 2, 9))
draw("poisson", lambda: torch.poisson(torch.tensor([0.5, 3.0, 20.0, 0.0])))
draw("binomial", lambda: torch.binomial(torch.tensor([5.0, 40.0, 100.0]), torch.tensor([0.5, 0.9, 0.4])))
draw("bernoulliTensor", lambda: torch.zeros(2, 4).bernoulli_(p.clamp(max=1)))
json.dump(g, open(os.path.join(here, "draws.json"), "w"), indent=0)
