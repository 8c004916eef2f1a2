"""Makes Fixtures/nn/*.json from real PyTorch: printed forms, state-dict keys, initial weights, outputs and gradients.

Run with a Python that has torch: python Fixtures/nn/make_fixtures.py
The Swift twins of the modules are in Tests/TorchNNTests, under the same names.
"""
import json, os
import torch
from torch import nn
import torch.nn.functional as F

here = os.path.dirname(os.path.abspath(__file__))
torch.set_num_threads(1)


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, 1)
        self.conv2 = nn.Conv2d(32, 64, 3, 1)
        self.dropout1 = nn.Dropout2d(0.25)
        self.dropout2 = nn.Dropout2d(0.5)
        self.fc1 = nn.Linear(9216, 128)
        self.fc2 = nn.Linear(128, 10)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
        self.heads = nn.ModuleDict({"left": nn.Linear(4, 2), "right": nn.Linear(4, 3)})
        self.self_attn = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Sequential(nn.Flatten(), nn.Identity()))
        self.scales = nn.ParameterList([torch.zeros(2), torch.zeros(3, 4)])
        self.in_proj_weight = nn.Parameter(torch.zeros(2, 2))
        self.register_buffer("running_max", torch.zeros(3))
        self.register_buffer("mask", torch.zeros(3), persistent=False)


modules = {
    "ConvNet": ConvNet,
    "Block": Block,
    "Linear": lambda: nn.Linear(3, 2),
    "LinearNoBias": lambda: nn.Linear(3, 2, bias=False),
    "Bilinear": lambda: nn.Bilinear(3, 2, 4),
    "Identity": lambda: nn.Identity(),
    "Flatten": lambda: nn.Flatten(),
    "Unflatten": lambda: nn.Unflatten(1, (2, 3)),
    "Conv1d": lambda: nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2, bias=False),
    "Conv2d": lambda: nn.Conv2d(4, 6, (3, 5), padding="same", padding_mode="reflect"),
    "Conv3d": lambda: nn.Conv3d(2, 3, 2),
    "ConvTranspose1d": lambda: nn.ConvTranspose1d(4, 6, 3, stride=2, output_padding=1, groups=2),
    "ConvTranspose2d": lambda: nn.ConvTranspose2d(2, 3, 3, padding=1),
    "ConvTranspose3d": lambda: nn.ConvTranspose3d(2, 3, 2),
    "MaxPool1d": lambda: nn.MaxPool1d(2),
    "MaxPool2d": lambda: nn.MaxPool2d((3, 2), stride=(2, 1), padding=1, ceil_mode=True),
    "MaxPool3d": lambda: nn.MaxPool3d(2, dilation=2),
    "AvgPool1d": lambda: nn.AvgPool1d(3),
    "AvgPool2d": lambda: nn.AvgPool2d((3, 2)),
    "AvgPool3d": lambda: nn.AvgPool3d(2, stride=1, padding=1),
    "AdaptiveAvgPool1d": lambda: nn.AdaptiveAvgPool1d(5),
    "AdaptiveAvgPool2d": lambda: nn.AdaptiveAvgPool2d((5, None)),
    "AdaptiveAvgPool3d": lambda: nn.AdaptiveAvgPool3d((2, 3, 4)),
    "BatchNorm1d": lambda: nn.BatchNorm1d(4),
    "BatchNorm2d": lambda: nn.BatchNorm2d(4, momentum=None, affine=False),
    "BatchNorm3d": lambda: nn.BatchNorm3d(4, eps=1e-3, track_running_stats=False),
    "InstanceNorm1d": lambda: nn.InstanceNorm1d(4),
    "InstanceNorm2d": lambda: nn.InstanceNorm2d(4, affine=True, track_running_stats=True),
    "InstanceNorm3d": lambda: nn.InstanceNorm3d(4, affine=True),
    "LayerNorm": lambda: nn.LayerNorm([3, 4]),
    "LayerNormNoBias": lambda: nn.LayerNorm(4, bias=False),
    "RMSNorm": lambda: nn.RMSNorm(4),
    "GroupNorm": lambda: nn.GroupNorm(2, 4),
    "Dropout": lambda: nn.Dropout(),
    "Dropout1d": lambda: nn.Dropout1d(0.1),
    "Dropout2d": lambda: nn.Dropout2d(0.25, inplace=True),
    "Dropout3d": lambda: nn.Dropout3d(),
    "AlphaDropout": lambda: nn.AlphaDropout(0.2),
    "FeatureAlphaDropout": lambda: nn.FeatureAlphaDropout(),
    "ReLU": lambda: nn.ReLU(),
    "ReLUInplace": lambda: nn.ReLU(inplace=True),
    "ReLU6": lambda: nn.ReLU6(inplace=True),
    "SiLU": lambda: nn.SiLU(),
    "Mish": lambda: nn.Mish(),
    "SELU": lambda: nn.SELU(),
    "Hardsigmoid": lambda: nn.Hardsigmoid(),
    "Hardswish": lambda: nn.Hardswish(),
    "ELU": lambda: nn.ELU(0.5, inplace=True),
    "CELU": lambda: nn.CELU(),
    "LeakyReLU": lambda: nn.LeakyReLU(0.1),
    "RReLU": lambda: nn.RReLU(),
    "Hardtanh": lambda: nn.Hardtanh(-2, 2.5),
    "Sigmoid": lambda: nn.Sigmoid(),
    "Tanh": lambda: nn.Tanh(),
    "LogSigmoid": lambda: nn.LogSigmoid(),
    "Softsign": lambda: nn.Softsign(),
    "Tanhshrink": lambda: nn.Tanhshrink(),
    "GELU": lambda: nn.GELU("tanh"),
    "Softplus": lambda: nn.Softplus(),
    "Hardshrink": lambda: nn.Hardshrink(),
    "Softshrink": lambda: nn.Softshrink(),
    "PReLU": lambda: nn.PReLU(3),
    "GLU": lambda: nn.GLU(1),
    "Softmax": lambda: nn.Softmax(1),
    "LogSoftmax": lambda: nn.LogSoftmax(-1),
    "Softmin": lambda: nn.Softmin(0),
    "Softmax2d": lambda: nn.Softmax2d(),
    "MSELoss": lambda: nn.MSELoss(),
    "CrossEntropyLoss": lambda: nn.CrossEntropyLoss(weight=torch.ones(3)),
    "NLLLoss": lambda: nn.NLLLoss(),
    "BCEWithLogitsLoss": lambda: nn.BCEWithLogitsLoss(pos_weight=torch.ones(3)),
    "TripletMarginLoss": lambda: nn.TripletMarginLoss(),
    "PixelShuffle": lambda: nn.PixelShuffle(2),
    "PixelUnshuffle": lambda: nn.PixelUnshuffle(2),
    "ChannelShuffle": lambda: nn.ChannelShuffle(2),
    "ZeroPad2d": lambda: nn.ZeroPad2d((1, 2, 3, 4)),
    "ReflectionPad1d": lambda: nn.ReflectionPad1d(2),
    "ConstantPad1d": lambda: nn.ConstantPad1d(2, 3.5),
    "CircularPad2d": lambda: nn.CircularPad2d((1, 1, 2, 0)),
    "Embedding": lambda: nn.Embedding(5, 3, padding_idx=-1),
    "CosineSimilarity": lambda: nn.CosineSimilarity(),
    "Upsample": lambda: nn.Upsample(scale_factor=2, mode="bilinear"),
    "UpsampleSize": lambda: nn.Upsample(size=(3, 4)),
    "UpsampleScales": lambda: nn.Upsample(scale_factor=(2, 1.5), mode="nearest-exact"),
    "UpsamplingNearest2d": lambda: nn.UpsamplingNearest2d(size=5),
    "UpsamplingBilinear2d": lambda: nn.UpsamplingBilinear2d(scale_factor=2.5),
    "AdaptiveMaxPool1d": lambda: nn.AdaptiveMaxPool1d(5),
    "AdaptiveMaxPool2d": lambda: nn.AdaptiveMaxPool2d((5, None)),
    "AdaptiveMaxPool3d": lambda: nn.AdaptiveMaxPool3d((2, 3, 4)),
    "MaxUnpool1d": lambda: nn.MaxUnpool1d(3),
    "MaxUnpool2d": lambda: nn.MaxUnpool2d((3, 2), stride=(2, 1), padding=1),
    "MaxUnpool3d": lambda: nn.MaxUnpool3d(2, stride=3),
    "FractionalMaxPool2d": lambda: nn.FractionalMaxPool2d(3, output_ratio=0.5),
    "FractionalMaxPool3d": lambda: nn.FractionalMaxPool3d(2, output_size=3, _random_samples=torch.zeros(1, 1, 3)),
    "LPPool1d": lambda: nn.LPPool1d(2, 3),
    "LPPool2d": lambda: nn.LPPool2d(1.5, (3, 2), stride=(2, 1)),
    "LPPool3d": lambda: nn.LPPool3d(2, 2, stride=1, ceil_mode=True),
    "Unfold": lambda: nn.Unfold((2, 3), stride=2),
    "Fold": lambda: nn.Fold((4, 5), 2, padding=(1, 0)),
    "EmbeddingMaxNorm": lambda: nn.Embedding(5, 3, max_norm=1.5, norm_type=1.0, scale_grad_by_freq=True),
    "EmbeddingBag": lambda: nn.EmbeddingBag(5, 3),
    "EmbeddingBagSum": lambda: nn.EmbeddingBag(5, 3, max_norm=2.0, mode="sum", padding_idx=1),
    "LocalResponseNorm": lambda: nn.LocalResponseNorm(2),
    "Threshold": lambda: nn.Threshold(0.1, 20),
    "MultiMarginLoss": lambda: nn.MultiMarginLoss(weight=torch.ones(3)),
    "MultiLabelMarginLoss": lambda: nn.MultiLabelMarginLoss(),
    "CTCLoss": lambda: nn.CTCLoss(),
    "TripletMarginWithDistanceLoss": lambda: nn.TripletMarginWithDistanceLoss(),
    "CrossMapLRN2d": lambda: nn.CrossMapLRN2d(3, beta=0.5),
    "NLLLoss2d": lambda: nn.NLLLoss2d(),
    "SyncBatchNorm": lambda: nn.SyncBatchNorm(4),
    "LinearCrossEntropyLoss": lambda: nn.LinearCrossEntropyLoss(3, 4),
    "LinearCrossEntropyLossOptions": lambda: nn.LinearCrossEntropyLoss(
        3, 4, out_features=(2, 5), bias=True, reduction="sum", weight=torch.ones(4), ignore_index=1, label_smoothing=0.1),
    "AdaptiveLogSoftmaxWithLoss": lambda: nn.AdaptiveLogSoftmaxWithLoss(16, 20, [4, 10], div_value=2.0, head_bias=True),
}
# PyTorch turns Hardtanh's bounds into what it was given; Swift has Doubles only.
special = {"Hardtanh": lambda: nn.Hardtanh(-2.0, 2.5), "ConstantPad1d": lambda: nn.ConstantPad1d(2, 3.5)}
modules.update(special)

forms = {}
for name, make in modules.items():
    torch.manual_seed(7)
    module = make()
    state = {}
    for key, tensor in module.state_dict().items():
        flat = tensor.flatten()
        # Enough to tell every draw: the first and last elements and the sum.
        state[key] = {"shape": list(tensor.shape), "dtype": str(tensor.dtype), "head": flat[:6].double().tolist(),
                      "tail": flat[-3:].double().tolist()}
    forms[name] = {"repr": repr(module), "keys": list(module.state_dict().keys()), "state": state}
json.dump(forms, open(os.path.join(here, "modules.json"), "w"), indent=1)


# Outputs and gradients of layers and functions on given inputs, in float64.
def values(*shape, seed=0, scale=1.0):
    g = torch.Generator().manual_seed(seed)
    return (torch.rand(shape, generator=g, dtype=torch.float64) * 2 - 1) * scale


def case(f, *inputs):
    inputs = [x.clone().requires_grad_(x.is_floating_point()) for x in inputs]
    out = f(*inputs)
    weights = values(*out.shape, seed=99)
    (out * weights).sum().backward()
    return {
        "inputs": [{"shape": list(x.shape), "dtype": str(x.dtype), "values": x.detach().flatten().tolist()} for x in inputs],
        "weights": weights.flatten().tolist(),
        "shape": list(out.shape),
        "output": out.detach().flatten().tolist(),
        "grads": [None if x.grad is None else x.grad.flatten().tolist() for x in inputs],
    }


x = values(3, 4, scale=4)
classes = torch.tensor([1, 3, 0])
ignoring = torch.tensor([1, -100, 2])
probabilities = torch.softmax(values(3, 4, seed=5), 1)
class_weight = values(4, seed=6).abs() + 0.1
signs = torch.tensor([1.0, -1.0, 1.0], dtype=torch.float64)
sign_matrix = torch.sign(values(3, 4, seed=9))
unit = torch.rand(3, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 0.9 + 0.05
y = values(3, 4, seed=2, scale=4)
z = values(3, 4, seed=3, scale=2)
image = values(2, 4, 6, 6, seed=4)
functions = {
    "relu6": case(F.relu6, x * 3), "selu": case(F.selu, x), "celu": case(lambda x: F.celu(x, 1.5), x), "elu": case(F.elu, x),
    "mish": case(F.mish, x), "hardsigmoid": case(F.hardsigmoid, x), "hardswish": case(F.hardswish, x),
    "logsigmoid": case(F.logsigmoid, x * 20), "softsign": case(F.softsign, x), "tanhshrink": case(F.tanhshrink, x),
    "softshrink": case(F.softshrink, x), "hardshrink": case(F.hardshrink, x), "glu": case(lambda x: F.glu(x, 1), x),
    "prelu": case(F.prelu, x, torch.tensor([0.25, 0.1, 0.5, 2.0], dtype=torch.float64)),
    "softmin": case(lambda x: F.softmin(x, 1), x), "softplus": case(lambda x: F.softplus(x, 2, 3), x),
    "normalize": case(F.normalize, x), "cosine_similarity": case(F.cosine_similarity, x, y),
    "pairwise_distance": case(F.pairwise_distance, x, y),
    "mse": case(F.mse_loss, x, y), "mse_sum": case(lambda a, b: F.mse_loss(a, b, reduction="sum"), x, y),
    "l1": case(F.l1_loss, x, y), "smooth_l1": case(lambda a, b: F.smooth_l1_loss(a, b, beta=0.7), x, y),
    "huber": case(lambda a, b: F.huber_loss(a, b, delta=1.3), x, y),
    "cross_entropy": case(F.cross_entropy, x, classes),
    "cross_entropy_weight": case(lambda a, t: F.cross_entropy(a, t, weight=class_weight), x, classes),
    "cross_entropy_smooth": case(lambda a, t: F.cross_entropy(a, t, label_smoothing=0.2), x, classes),
    "cross_entropy_smooth_weight_ignore": case(
        lambda a, t: F.cross_entropy(a, t, weight=class_weight, label_smoothing=0.2), x, ignoring),
    "cross_entropy_smooth_ignore": case(lambda a, t: F.cross_entropy(a, t, label_smoothing=0.2), x, ignoring),
    "cross_entropy_none": case(lambda a, t: F.cross_entropy(a, t, label_smoothing=0.1, reduction="none"), x, ignoring),
    "cross_entropy_probabilities": case(F.cross_entropy, x, probabilities),
    "bce": case(F.binary_cross_entropy, unit, probabilities),
    "bce_logits": case(F.binary_cross_entropy_with_logits, x * 10, probabilities),
    "bce_logits_pos": case(lambda a, t: F.binary_cross_entropy_with_logits(a, t, pos_weight=class_weight), x, probabilities),
    "kl_div": case(F.kl_div, x, probabilities), "kl_div_batchmean": case(lambda a, b: F.kl_div(a, b, reduction="batchmean"), x, probabilities),
    "kl_div_log": case(lambda a, b: F.kl_div(a, b, log_target=True), x, y),
    "poisson": case(F.poisson_nll_loss, x, unit), "poisson_full": case(lambda a, b: F.poisson_nll_loss(a, b, full=True), x, unit * 5),
    "gaussian": case(F.gaussian_nll_loss, x, y, unit),
    "margin_ranking": case(lambda a, b: F.margin_ranking_loss(a, b, sign_matrix, margin=0.3), x, y),
    "hinge_embedding": case(lambda a: F.hinge_embedding_loss(a, sign_matrix), x),
    "soft_margin": case(lambda a: F.soft_margin_loss(a, sign_matrix), x),
    "cosine_embedding": case(lambda a, b: F.cosine_embedding_loss(a, b, signs, margin=0.1), x, y),
    "triplet": case(lambda a, b, c: F.triplet_margin_loss(a, b, c, swap=True), x, y, z),
    "multilabel_soft_margin": case(F.multilabel_soft_margin_loss, x, probabilities),
    "pixel_shuffle": case(lambda a: F.pixel_shuffle(a, 2), image), "pixel_unshuffle": case(lambda a: F.pixel_unshuffle(a, 3), image),
    "channel_shuffle": case(lambda a: F.channel_shuffle(a, 2), image),
    "pad_reflect": case(lambda a: F.pad(a, (1, 2, 3, 0), mode="reflect"), image),
    "pad_replicate": case(lambda a: F.pad(a, (1, 2, 3, 0), mode="replicate"), image),
    "pad_circular": case(lambda a: F.pad(a, (1, 2, 3, 0), mode="circular"), image),
    "pad_zeros": case(lambda a: F.pad(a, (1, -2, 3, 0)), image),
    "embedding": case(lambda w: F.embedding(torch.tensor([[1, 2], [0, 2]]), w, padding_idx=2), x),
    "bilinear": case(F.bilinear, x, y, values(2, 4, 4, seed=8), values(2, seed=7)),
    "interpolate_nearest": case(lambda a: F.interpolate(a, size=(4, 9)), image),
    "interpolate_bilinear": case(lambda a: F.interpolate(a, scale_factor=(1.5, 0.7), mode="bilinear"), image),
    "interpolate_corners": case(lambda a: F.interpolate(a, size=8, mode="bicubic", align_corners=True), image),
    "interpolate_recompute": case(
        lambda a: F.interpolate(a, scale_factor=1.3, mode="bilinear", recompute_scale_factor=True), image),
    "interpolate_area": case(lambda a: F.interpolate(a, scale_factor=0.7, mode="area"), image),
    "interpolate_antialias": case(lambda a: F.interpolate(a, size=(4, 3), mode="bicubic", antialias=True), image),
    "grid_sample": case(
        lambda a, g: F.grid_sample(a, g, padding_mode="border", align_corners=False), image, values(2, 3, 5, 2, seed=11)),
    "affine_grid": case(lambda t: F.affine_grid(t, [2, 1, 3, 4], align_corners=False), values(2, 2, 3, seed=12)),
    "max_pool": case(lambda a: F.max_pool2d(a, (3, 2), stride=2, padding=1), image),
    "avg_pool": case(lambda a: F.avg_pool2d(a, 3, stride=2, padding=1, count_include_pad=False), image),
    "lp_pool": case(lambda a: F.lp_pool2d(a.abs(), 3, (2, 3), stride=2), image),
    "adaptive_max_pool": case(lambda a: F.adaptive_max_pool2d(a, (4, 5)), image),
    "max_unpool": case(
        lambda a: F.max_unpool2d(*F.max_pool2d(a, 2, return_indices=True), 2, output_size=[7, 6]), image),
    "fractional_max_pool": case(
        lambda a: F.fractional_max_pool2d(
            a, 2, output_ratio=(0.5, 0.5), _random_samples=torch.full((2, 4, 2), 0.3, dtype=torch.float64)), image),
    "unfold": case(lambda a: F.unfold(a, (2, 3), padding=1, stride=2), image),
    "fold": case(lambda a: F.fold(a, (4, 5), 2, stride=1), values(2, 8, 12, seed=13)),
    "batch_norm": case(lambda a: F.batch_norm(a, None, None, training=True), image),
    "instance_norm": case(lambda a, w: F.instance_norm(a, weight=w), image, values(4, seed=14)),
    "layer_norm": case(lambda a, w, b: F.layer_norm(a, (6, 6), w, b), image, values(6, 6, seed=15), values(6, 6, seed=16)),
    "group_norm": case(lambda a, w: F.group_norm(a, 2, w), image, values(4, seed=14)),
    "rms_norm": case(lambda a: F.rms_norm(a, (6,)), image),
    "local_response_norm": case(lambda a: F.local_response_norm(a, 3, alpha=0.5), image),
    "embedding_bag": case(lambda w: F.embedding_bag(torch.tensor([[1, 2], [0, 2]]), w, padding_idx=2), x),
    "multi_margin": case(lambda a, t: F.multi_margin_loss(a, t, p=2), x, classes),
    "multilabel_margin": case(lambda a, t: F.multilabel_margin_loss(a, t), x, torch.tensor([[1, 3, -1, 0]] * 3)),
    "triplet_distance": case(
        lambda a, b, c: F.triplet_margin_with_distance_loss(
            a, b, c, distance_function=lambda s, t: (s - t).abs().sum(1), swap=True), x, y, z),
    "ctc": case(
        lambda a, t: F.ctc_loss(a.log_softmax(2), t, [5, 4], [2, 1]), values(5, 2, 4, seed=17), torch.tensor([[1, 2], [3, 0]])),
    "attention": case(
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
        values(2, 3, 4, 5, seed=18), values(2, 3, 6, 5, seed=19), values(2, 3, 6, 5, seed=20)),
    "threshold": case(lambda a: F.threshold(a, 0.5, 2), x),
    "cross_map_lrn": case(
        nn.CrossMapLRN2d(3, alpha=0.5, beta=0.6, k=1.5), torch.cat([image, image.flip(1)], 1)),
    "conv_tbc": case(
        lambda a, w, b: F.conv_tbc(a, w, b, pad=1), values(5, 2, 3, seed=22), values(3, 3, 4, seed=23), values(4, seed=24)),
    "pdist": case(lambda a: F.pdist(a, 3), x),
    "linear_cross_entropy": case(
        lambda a, w, t: F.linear_cross_entropy(a, w, t, weight=class_weight, label_smoothing=0.1),
        x, values(4, 4, seed=25), ignoring),
    "linear_cross_entropy_dims": case(
        lambda a, w, b: F.linear_cross_entropy(
            a, w, torch.tensor([[1, 3], [2, 0], [0, 0]]), linear_bias=b, reduction="none"),
        x, values(4, 2, 4, seed=25), values(4, 2, seed=26)),
    "linear_cross_entropy_chunks": case(
        lambda a, w, b, t: F.linear_cross_entropy(
            a, w, t, linear_bias=b, weight=class_weight, options=nn.LinearCrossEntropyOptions(batch_chunk_size=2)),
        torch.cat([x, y]), values(4, 4, seed=25), values(4, seed=26), torch.cat([ignoring, classes])),
    "linear_cross_entropy_chunks_none": case(
        lambda a, w, t: F.linear_cross_entropy(
            a, w, t, reduction="none", options=nn.LinearCrossEntropyOptions(batch_chunk_size=2)),
        x, values(4, 4, seed=25), probabilities),
    "relu_": case(lambda a: F.relu_(a * 1), x), "elu_": case(lambda a: F.elu_(a * 1, 0.7), x),
    "celu_": case(lambda a: F.celu_(a * 1, 0.7), x), "selu_": case(lambda a: F.selu_(a * 1), x),
    "leaky_relu_": case(lambda a: F.leaky_relu_(a * 1, 0.2), x), "hardtanh_": case(lambda a: F.hardtanh_(a * 1), x),
    "threshold_": case(lambda a: F.threshold_(a * 1, 0.5, 2), x), "rrelu_": case(lambda a: F.rrelu_(a * 1), x),
    "gaussian_column": case(lambda a, b, v: F.gaussian_nll_loss(a, b, v, full=True), x, y, unit[:, :1].contiguous()),
    "conv_transpose": case(
        lambda a, w: F.conv_transpose2d(a, w, stride=2, output_padding=1), image, values(4, 3, 2, 2, seed=21)),
}
constants = {"class_weight": class_weight.tolist(), "signs": signs.tolist(), "sign_matrix": sign_matrix.flatten().tolist()}
json.dump({"cases": functions, "constants": constants}, open(os.path.join(here, "functions.json"), "w"))
print(len(forms), "modules,", len(functions), "functions, torch", torch.__version__)
