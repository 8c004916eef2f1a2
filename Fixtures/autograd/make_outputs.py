"""Makes Fixtures/autograd/outputs.json from real PyTorch: which outputs of operators with several take gradients.

Run with a Python that has torch: python Fixtures/autograd/make_outputs.py
"""
import json, os, warnings
import torch

warnings.filterwarnings("ignore")
here = os.path.dirname(os.path.abspath(__file__))
aten = torch.ops.aten


def x(*shape):
    n = 1
    for s in shape:
        n *= s
    return ((torch.arange(n, dtype=torch.float64) * 0.37).sin() + 0.1).reshape(shape)


def spd(n):
    a = x(n, n)
    return a @ a.mT + 3 * torch.eye(n, dtype=torch.float64)


T = torch.tensor
cases = {
    "native_layer_norm": (x(3, 4), [4], x(4), None, 1e-5),
    "native_group_norm": (x(2, 4, 3), None, None, 2, 4, 3, 2, 1e-5),
    "native_batch_norm": (x(3, 4), None, None, None, None, True, 0.1, 1e-5),
    "_linalg_det": (x(3, 3),), "_linalg_slogdet": (x(3, 3),), "linalg_slogdet": (x(3, 3),),
    "linalg_lu_factor_ex": (x(3, 3),), "linalg_lu": (x(3, 3),), "linalg_lu_factor": (x(3, 3),),
    "linalg_qr": (x(4, 3),), "linalg_svd": (x(4, 3), False), "linalg_eigh": (spd(3),), "linalg_eig": (x(3, 3),),
    "linalg_inv_ex": (spd(3),), "linalg_cholesky_ex": (spd(3),), "linalg_solve_ex": (spd(3), x(3)),
    "linalg_ldl_factor_ex": (spd(3),), "geqrf": (x(4, 3),), "linalg_lstsq": (x(4, 3), x(4, 2)),
    "cummax": (x(5), 0), "cummin": (x(5), 0), "sort": (x(5),), "topk": (x(5), 2), "kthvalue": (x(5), 2),
    "mode": (x(5),), "median.dim": (x(5), 0), "nanmedian.dim": (x(5), 0), "max.dim": (x(5), 0), "min.dim": (x(5), 0),
    "aminmax": (x(5),), "std_mean": (x(5),), "var_mean": (x(5),), "frexp.Tensor": (x(5),), "native_dropout": (x(5), 0.5, True),
    "nll_loss_forward": (x(3, 4), T([0, 1, 3]), None, 1, -100),
    "nll_loss2d_forward": (x(2, 3, 2, 2), torch.zeros(2, 2, 2, dtype=torch.int64), None, 1, -100),
    "multilabel_margin_loss_forward": (x(2, 3), T([[1, -1, 0], [2, 0, -1]]), 1),
    "max_pool2d_with_indices": (x(1, 2, 4, 4), [2, 2]), "adaptive_max_pool2d": (x(1, 2, 4, 4), [2, 2]),
    "fractional_max_pool2d": (x(1, 2, 4, 4), [2, 2], [2, 2], torch.full((1, 2, 2), 0.3, dtype=torch.float64)),
    "_embedding_bag": (x(5, 3), T([0, 2, 4]), T([0, 2])), "log_sigmoid_forward": (x(5),),
    "lu_unpack": (x(3, 3), T([1, 2, 3], dtype=torch.int32)), "triangular_solve": (x(3, 2), spd(3)),
    "_unique2": (x(5),), "unique_dim": (x(5), 0), "histogram.bin_ct": (x(5), 3),
    "_pack_padded_sequence": (x(4, 2, 3), T([4, 2]), False),
}
result = {}
for name, arguments in cases.items():
    op = getattr(aten, name.split(".")[0])
    if "." in name:
        op = getattr(op, name.split(".")[1])
    given = [a.clone().requires_grad_() if isinstance(a, torch.Tensor) and a.is_floating_point() else a for a in arguments]
    try:
        outputs = op(*given)
    except RuntimeError as error:
        # Operators that cannot be differentiated say so.
        print(name, str(error)[:80])
        continue
    outputs = outputs if isinstance(outputs, (tuple, list)) else (outputs,)

    def encode(a):
        if isinstance(a, torch.Tensor):
            return {"shape": list(a.shape), "dtype": str(a.dtype).removeprefix("torch."), "values": a.detach().double().flatten().tolist()}
        return a
    result[name] = {"arguments": [encode(a) for a in arguments], "requires": [bool(o.requires_grad) for o in outputs]}
json.dump(result, open(os.path.join(here, "outputs.json"), "w"), indent=0)
print(len(result), "operators")
