"""Every class of torch.nn with arguments, inputs and a mode: what make.py scripts and traces."""
from typing import Tuple

import torch
from torch import nn


def t(*shape, seed=0, scale=1.0):
    g = torch.Generator().manual_seed(seed)
    return (torch.rand(shape, generator=g) * 2 - 1) * scale


def ints(high, *shape, seed=0):
    return torch.randint(0, high, shape, generator=torch.Generator().manual_seed(seed))


vector, row, image, volume = t(3, 4, scale=3), t(2, 4, 8), t(2, 4, 6, 6), t(1, 4, 4, 4, 4)
classes, probabilities = ints(4, 3), torch.softmax(t(3, 4, seed=5), 1)
signs = torch.tensor([1.0, -1.0, 1.0])


class Distance(nn.Module):
    def forward(self, a, b):
        return (a - b).abs().sum(1)


class Chosen(nn.Module):
    """ModuleDict and ModuleList work in other modules only."""

    def __init__(self):
        super().__init__()
        self.left = nn.ModuleDict({"a": nn.Linear(4, 4), "b": nn.ReLU()})
        self.right = nn.ModuleList([nn.Linear(4, 4), nn.Tanh()])
        self.scales = nn.ParameterList([t(4, seed=1), t(4, seed=2)])

    def forward(self, x):
        for name, layer in self.left.items():
            x = layer(x)
        for i, layer in enumerate(self.right):
            x = layer(x) * float(i + 1)
        for scale in self.scales:
            x = x * scale
        return x


class Scales(nn.Module):
    def __init__(self):
        super().__init__()
        self.scales = nn.ParameterDict({"a": t(4, seed=1), "b": t(4, seed=2)})

    def forward(self, x):
        return x * self.scales["a"] + self.scales["b"]


class Recurrent(nn.Module):
    """A scripted recurrent layer has two overloads of forward, and none of that name."""

    def __init__(self, rnn):
        super().__init__()
        self.rnn = rnn

    def forward(self, x):
        return self.rnn(x)


class WithState(Recurrent):
    def forward(self, x, state: Tuple[torch.Tensor, torch.Tensor]):
        return self.rnn(x, state)


class WithHidden(Recurrent):
    def forward(self, x, hidden):
        return self.rnn(x, hidden)


# name: (constructor, arguments of forward)
modules = {
    "Identity": (lambda: nn.Identity(), (vector,)),
    "Linear": (lambda: nn.Linear(4, 2), (vector,)),
    "Bilinear": (lambda: nn.Bilinear(4, 4, 2), (vector, t(3, 4, seed=1))),
    "Flatten": (lambda: nn.Flatten(), (image,)),
    "Unflatten": (lambda: nn.Unflatten(1, (2, 2)), (image,)),
    "Conv1d": (lambda: nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2, bias=False), (row,)),
    "Conv2d": (lambda: nn.Conv2d(4, 3, (3, 5), padding="same", padding_mode="reflect"), (image,)),
    "Conv2dPlain": (lambda: nn.Conv2d(4, 3, 3, stride=2, padding=1), (image,)),
    "Conv3d": (lambda: nn.Conv3d(4, 3, 2), (volume,)),
    "ConvTranspose1d": (lambda: nn.ConvTranspose1d(4, 6, 3, stride=2, output_padding=1, groups=2), (row,)),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(4, 3, 3, padding=1), (image,)),
    "ConvTranspose3d": (lambda: nn.ConvTranspose3d(4, 3, 2), (volume,)),
    "MaxPool1d": (lambda: nn.MaxPool1d(2), (row,)),
    "MaxPool2d": (lambda: nn.MaxPool2d((3, 2), stride=(2, 1), padding=1, ceil_mode=True), (image,)),
    "MaxPool2dIndices": (lambda: nn.MaxPool2d(2, return_indices=True), (image,)),
    "MaxPool3d": (lambda: nn.MaxPool3d(2, dilation=2), (volume,)),
    "MaxUnpool1d": (lambda: nn.MaxUnpool1d(2), (t(2, 4, 2), torch.tensor([[[0, 3]] * 4] * 2))),
    "MaxUnpool2d": (lambda: nn.MaxUnpool2d(2), (t(1, 2, 2, 2), torch.tensor([[[[0, 2], [8, 15]]] * 2]))),
    "MaxUnpool3d": (lambda: nn.MaxUnpool3d(2), (t(1, 1, 1, 1, 2), torch.tensor([[[[[0, 7]]]]]))),
    "AvgPool1d": (lambda: nn.AvgPool1d(3), (row,)),
    "AvgPool2d": (lambda: nn.AvgPool2d((3, 2)), (image,)),
    "AvgPool3d": (lambda: nn.AvgPool3d(2, stride=1, padding=1), (volume,)),
    "FractionalMaxPool2d": (
        lambda: nn.FractionalMaxPool2d(3, output_ratio=0.5, _random_samples=torch.full((2, 4, 2), 0.3)), (image,)),
    "FractionalMaxPool3d": (
        lambda: nn.FractionalMaxPool3d(2, output_size=2, _random_samples=torch.full((1, 4, 3), 0.3)), (volume,)),
    "LPPool1d": (lambda: nn.LPPool1d(2, 3), (row,)),
    "LPPool2d": (lambda: nn.LPPool2d(2, (3, 2), stride=(2, 1)), (image,)),
    "LPPool3d": (lambda: nn.LPPool3d(2, 2), (volume,)),
    "AdaptiveAvgPool1d": (lambda: nn.AdaptiveAvgPool1d(5), (row,)),
    "AdaptiveAvgPool2d": (lambda: nn.AdaptiveAvgPool2d((5, 4)), (image,)),
    "AdaptiveAvgPool3d": (lambda: nn.AdaptiveAvgPool3d((2, 3, 4)), (volume,)),
    "AdaptiveMaxPool1d": (lambda: nn.AdaptiveMaxPool1d(5), (row,)),
    "AdaptiveMaxPool2d": (lambda: nn.AdaptiveMaxPool2d((5, 4)), (image,)),
    "AdaptiveMaxPool3d": (lambda: nn.AdaptiveMaxPool3d((2, 3, 4)), (volume,)),
    "ReflectionPad1d": (lambda: nn.ReflectionPad1d(2), (row,)),
    "ReflectionPad2d": (lambda: nn.ReflectionPad2d((1, 2, 3, 0)), (image,)),
    "ReflectionPad3d": (lambda: nn.ReflectionPad3d(1), (volume,)),
    "ReplicationPad1d": (lambda: nn.ReplicationPad1d(2), (row,)),
    "ReplicationPad2d": (lambda: nn.ReplicationPad2d(2), (image,)),
    "ReplicationPad3d": (lambda: nn.ReplicationPad3d(1), (volume,)),
    "ZeroPad1d": (lambda: nn.ZeroPad1d(2), (row,)),
    "ZeroPad2d": (lambda: nn.ZeroPad2d((1, 2, 3, 4)), (image,)),
    "ZeroPad3d": (lambda: nn.ZeroPad3d(1), (volume,)),
    "ConstantPad1d": (lambda: nn.ConstantPad1d(2, 3.5), (row,)),
    "ConstantPad2d": (lambda: nn.ConstantPad2d(2, 3.5), (image,)),
    "ConstantPad3d": (lambda: nn.ConstantPad3d(1, -1.0), (volume,)),
    "CircularPad1d": (lambda: nn.CircularPad1d(2), (row,)),
    "CircularPad2d": (lambda: nn.CircularPad2d((1, 1, 2, 0)), (image,)),
    "CircularPad3d": (lambda: nn.CircularPad3d(1), (volume,)),
    "ELU": (lambda: nn.ELU(0.5), (vector,)),
    "Hardshrink": (lambda: nn.Hardshrink(), (vector,)),
    "Hardsigmoid": (lambda: nn.Hardsigmoid(), (vector,)),
    "Hardtanh": (lambda: nn.Hardtanh(-1.5, 2.0), (vector,)),
    "Hardswish": (lambda: nn.Hardswish(), (vector,)),
    "LeakyReLU": (lambda: nn.LeakyReLU(0.1), (vector,)),
    "LogSigmoid": (lambda: nn.LogSigmoid(), (vector,)),
    "PReLU": (lambda: nn.PReLU(4), (vector,)),
    "ReLU": (lambda: nn.ReLU(), (vector,)),
    "ReLUInplace": (lambda: nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=True)), (vector,)),
    "ReLU6": (lambda: nn.ReLU6(), (vector,)),
    "RReLU": (lambda: nn.RReLU(), (vector,)),
    "SELU": (lambda: nn.SELU(), (vector,)),
    "CELU": (lambda: nn.CELU(1.5), (vector,)),
    "GELU": (lambda: nn.GELU(), (vector,)),
    "GELUTanh": (lambda: nn.GELU("tanh"), (vector,)),
    "Sigmoid": (lambda: nn.Sigmoid(), (vector,)),
    "SiLU": (lambda: nn.SiLU(), (vector,)),
    "Mish": (lambda: nn.Mish(), (vector,)),
    "Softplus": (lambda: nn.Softplus(2, 3), (vector,)),
    "Softshrink": (lambda: nn.Softshrink(), (vector,)),
    "Softsign": (lambda: nn.Softsign(), (vector,)),
    "Tanh": (lambda: nn.Tanh(), (vector,)),
    "Tanhshrink": (lambda: nn.Tanhshrink(), (vector,)),
    "Threshold": (lambda: nn.Threshold(0.1, 20.0), (vector,)),
    "GLU": (lambda: nn.GLU(1), (vector,)),
    "Softmin": (lambda: nn.Softmin(1), (vector,)),
    "Softmax": (lambda: nn.Softmax(1), (vector,)),
    "SoftmaxImplicit": (lambda: nn.Softmax(), (vector,)),
    "Softmax2d": (lambda: nn.Softmax2d(), (image,)),
    "LogSoftmax": (lambda: nn.LogSoftmax(-1), (vector,)),
    "AdaptiveLogSoftmaxWithLoss": (
        lambda: nn.AdaptiveLogSoftmaxWithLoss(4, 8, [2, 5], div_value=2.0), (vector, torch.tensor([1, 4, 7]))),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(4), (vector,)),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(4, momentum=None, affine=False), (image,)),
    "BatchNorm3d": (lambda: nn.BatchNorm3d(4, track_running_stats=False), (volume,)),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4), (image,)),
    "InstanceNorm1d": (lambda: nn.InstanceNorm1d(4), (row,)),
    "InstanceNorm2d": (lambda: nn.InstanceNorm2d(4, affine=True, track_running_stats=True), (image,)),
    "InstanceNorm3d": (lambda: nn.InstanceNorm3d(4, affine=True), (volume,)),
    "LayerNorm": (lambda: nn.LayerNorm([3, 4]), (vector,)),
    "RMSNorm": (lambda: nn.RMSNorm(4), (vector,)),
    "LocalResponseNorm": (lambda: nn.LocalResponseNorm(2), (image,)),
    "RNN": (lambda: Recurrent(nn.RNN(4, 3, num_layers=2, nonlinearity="relu")), (t(5, 2, 4),)),
    "LSTM": (lambda: Recurrent(nn.LSTM(4, 3, num_layers=2, batch_first=True, bidirectional=True)), (t(2, 5, 4),)),
    "LSTMState": (lambda: WithState(nn.LSTM(4, 3)), (t(5, 2, 4), (t(1, 2, 3, seed=1), t(1, 2, 3, seed=2)))),
    "LSTMProjected": (lambda: Recurrent(nn.LSTM(4, 3, proj_size=2)), (t(5, 2, 4),)),
    "GRU": (lambda: WithHidden(nn.GRU(4, 3, bias=False)), (t(5, 2, 4), t(1, 2, 3, seed=1))),
    "RNNCell": (lambda: nn.RNNCell(4, 3), (vector,)),
    "LSTMCell": (lambda: nn.LSTMCell(4, 3), (vector,)),
    "GRUCell": (lambda: nn.GRUCell(4, 3), (vector, t(3, 3, seed=1))),
    "Transformer": (
        lambda: nn.Transformer(8, 2, 1, 1, 8, batch_first=True), (t(2, 3, 8), t(2, 4, 8, seed=1))),
    "TransformerEncoder": (
        lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 8, batch_first=True), 2), (t(2, 3, 8),)),
    "TransformerEncoderMask": (
        lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 8, norm_first=True), 1),
        (t(3, 2, 8), nn.Transformer.generate_square_subsequent_mask(3))),
    "TransformerDecoder": (
        lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 8, activation="gelu"), 1),
        (t(3, 2, 8), t(4, 2, 8, seed=1))),
    "TransformerEncoderLayer": (lambda: nn.TransformerEncoderLayer(8, 2, 8), (t(3, 2, 8),)),
    "TransformerDecoderLayer": (lambda: nn.TransformerDecoderLayer(8, 2, 8), (t(3, 2, 8), t(4, 2, 8, seed=1))),
    "MultiheadAttention": (
        lambda: nn.MultiheadAttention(8, 2), (t(3, 2, 8), t(4, 2, 8, seed=1), t(4, 2, 8, seed=2))),
    "MultiheadAttentionKV": (
        lambda: nn.MultiheadAttention(8, 2, add_bias_kv=True, kdim=4, vdim=6, batch_first=True),
        (t(2, 3, 8), t(2, 4, 4, seed=1), t(2, 4, 6, seed=2))),
    "Embedding": (lambda: nn.Embedding(5, 3, padding_idx=0), (ints(5, 2, 3),)),
    "EmbeddingBag": (lambda: nn.EmbeddingBag(5, 3, mode="sum"), (ints(5, 2, 3),)),
    "EmbeddingBagOffsets": (lambda: nn.EmbeddingBag(5, 3), (ints(5, 6), torch.tensor([0, 2]))),
    "CosineSimilarity": (lambda: nn.CosineSimilarity(), (vector, t(3, 4, seed=1))),
    "PairwiseDistance": (lambda: nn.PairwiseDistance(), (vector, t(3, 4, seed=1))),
    "Dropout": (lambda: nn.Dropout(), (vector,)),
    "Dropout1d": (lambda: nn.Dropout1d(), (row,)),
    "Dropout2d": (lambda: nn.Dropout2d(), (image,)),
    "Dropout3d": (lambda: nn.Dropout3d(), (volume,)),
    "AlphaDropout": (lambda: nn.AlphaDropout(), (vector,)),
    "FeatureAlphaDropout": (lambda: nn.FeatureAlphaDropout(), (image,)),
    "L1Loss": (lambda: nn.L1Loss(), (vector, t(3, 4, seed=1))),
    "MSELoss": (lambda: nn.MSELoss(reduction="sum"), (vector, t(3, 4, seed=1))),
    "CrossEntropyLoss": (
        lambda: nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2, 3, 4]), label_smoothing=0.1), (vector, classes)),
    "CTCLoss": (
        lambda: nn.CTCLoss(),
        (t(5, 2, 4).log_softmax(2), torch.tensor([[1, 2], [3, 1]]), torch.tensor([5, 4]), torch.tensor([2, 1]))),
    "NLLLoss": (lambda: nn.NLLLoss(), (vector.log_softmax(1), classes)),
    "PoissonNLLLoss": (lambda: nn.PoissonNLLLoss(full=True), (vector, probabilities * 5)),
    "GaussianNLLLoss": (lambda: nn.GaussianNLLLoss(), (vector, t(3, 4, seed=1), probabilities)),
    "KLDivLoss": (lambda: nn.KLDivLoss(reduction="batchmean"), (vector.log_softmax(1), probabilities)),
    "BCELoss": (lambda: nn.BCELoss(), (probabilities, probabilities.flip(0))),
    "BCEWithLogitsLoss": (
        lambda: nn.BCEWithLogitsLoss(pos_weight=torch.tensor([1.0, 2, 3, 4])), (vector, probabilities)),
    "MarginRankingLoss": (lambda: nn.MarginRankingLoss(0.3), (t(3), t(3, seed=1), signs)),
    "HingeEmbeddingLoss": (lambda: nn.HingeEmbeddingLoss(), (t(3), signs)),
    "MultiLabelMarginLoss": (lambda: nn.MultiLabelMarginLoss(), (vector, torch.tensor([[1, 3, -1, 0]] * 3))),
    "HuberLoss": (lambda: nn.HuberLoss(delta=0.5), (vector, t(3, 4, seed=1))),
    "SmoothL1Loss": (lambda: nn.SmoothL1Loss(beta=0.7), (vector, t(3, 4, seed=1))),
    "SoftMarginLoss": (lambda: nn.SoftMarginLoss(), (t(3), signs)),
    "MultiLabelSoftMarginLoss": (lambda: nn.MultiLabelSoftMarginLoss(), (vector, probabilities.round())),
    "CosineEmbeddingLoss": (lambda: nn.CosineEmbeddingLoss(), (vector, t(3, 4, seed=1), signs)),
    "MultiMarginLoss": (lambda: nn.MultiMarginLoss(), (vector, classes)),
    "TripletMarginLoss": (lambda: nn.TripletMarginLoss(swap=True), (vector, t(3, 4, seed=1), t(3, 4, seed=2))),
    "TripletMarginWithDistanceLoss": (
        lambda: nn.TripletMarginWithDistanceLoss(distance_function=Distance()),
        (vector, t(3, 4, seed=1), t(3, 4, seed=2))),
    "PixelShuffle": (lambda: nn.PixelShuffle(2), (image,)),
    "PixelUnshuffle": (lambda: nn.PixelUnshuffle(2), (image,)),
    "ChannelShuffle": (lambda: nn.ChannelShuffle(2), (image,)),
    "Upsample": (lambda: nn.Upsample(scale_factor=2, mode="bilinear"), (image,)),
    "UpsampleSize": (lambda: nn.Upsample(size=(3, 4)), (image,)),
    "UpsampleBicubic": (lambda: nn.Upsample(scale_factor=1.5, mode="bicubic", align_corners=True), (image,)),
    "UpsampleTrilinear": (lambda: nn.Upsample(scale_factor=2, mode="trilinear"), (volume,)),
    "UpsampleLinear": (lambda: nn.Upsample(scale_factor=2, mode="linear"), (row,)),
    "UpsamplingNearest2d": (lambda: nn.UpsamplingNearest2d(size=5), (image,)),
    "UpsamplingBilinear2d": (lambda: nn.UpsamplingBilinear2d(scale_factor=2.5), (image,)),
    "Unfold": (lambda: nn.Unfold((2, 3), stride=2), (image,)),
    "Fold": (lambda: nn.Fold((4, 5), 2, padding=(1, 0)), (t(1, 8, 20),)),
    "Sequential": (lambda: nn.Sequential(nn.Conv2d(4, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(32, 3)), (image,)),
    "ModuleListDict": (lambda: Chosen(), (vector,)),
    "ParameterDict": (lambda: Scales(), (vector,)),
}
# Modes other than evaluation where nothing is drawn.
training = {
    "BatchNorm1dTraining": "BatchNorm1d", "BatchNorm2dTraining": "BatchNorm2d", "BatchNorm3dTraining": "BatchNorm3d",
    "InstanceNorm2dTraining": "InstanceNorm2d", "LSTMTraining": "LSTM", "MultiheadAttentionTraining": "MultiheadAttention",
}
