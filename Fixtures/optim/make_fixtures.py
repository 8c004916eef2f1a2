"""Makes Fixtures/optim/*.json from real PyTorch: 50 steps of each optimizer, learning rates of each scheduler.

Run with a Python that has torch: python Fixtures/optim/make_fixtures.py
"""
import json, os, warnings
import torch
from torch import optim
from torch.optim import lr_scheduler as S

warnings.filterwarnings("ignore")
here = os.path.dirname(os.path.abspath(__file__))
torch.set_num_threads(1)

# f(a, b) = sum(cos(k a) + a²/3) + sum(b⁴/4 - b): smooth, not quadratic, with gradients of both signs.
def start(dtype):
    a = ((torch.arange(12, dtype=torch.float64) * 0.7).sin() * 2).reshape(3, 4).to(dtype).requires_grad_()
    b = ((torch.arange(5, dtype=torch.float64) * 1.3).cos()).to(dtype).requires_grad_()
    return a, b


def loss(a, b):
    k = torch.arange(12, dtype=a.dtype).reshape(3, 4) / 4 + 1
    return ((k * a).cos() + a * a / 3).sum() + (b * b * b * b / 4 - b).sum()


optimizers = {
    "sgd": lambda p: optim.SGD(p, lr=0.05),
    "sgd_momentum": lambda p: optim.SGD(p, lr=0.03, momentum=0.9, dampening=0.1, weight_decay=0.01),
    "sgd_nesterov": lambda p: optim.SGD(p, lr=0.03, momentum=0.9, nesterov=True),
    "sgd_maximize": lambda p: optim.SGD(p, lr=0.001, maximize=True),
    "adam": lambda p: optim.Adam(p, lr=0.02),
    "adam_options": lambda p: optim.Adam(p, lr=0.02, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.05, amsgrad=True),
    "adamw": lambda p: optim.AdamW(p, lr=0.02),
    "adamw_amsgrad": lambda p: optim.AdamW(p, lr=0.02, amsgrad=True, weight_decay=0.1),
    "rmsprop": lambda p: optim.RMSprop(p, lr=0.01),
    "rmsprop_options": lambda p: optim.RMSprop(p, lr=0.01, alpha=0.9, weight_decay=0.02, momentum=0.8, centered=True),
    "adagrad": lambda p: optim.Adagrad(p, lr=0.1),
    "adagrad_options": lambda p: optim.Adagrad(p, lr=0.1, lr_decay=0.1, weight_decay=0.02, initial_accumulator_value=0.2),
    "adadelta": lambda p: optim.Adadelta(p, lr=0.9, weight_decay=0.01),
    "adamax": lambda p: optim.Adamax(p, lr=0.02, weight_decay=0.01),
    "nadam": lambda p: optim.NAdam(p, lr=0.02, weight_decay=0.01),
    "nadam_decoupled": lambda p: optim.NAdam(p, lr=0.02, weight_decay=0.01, decoupled_weight_decay=True),
    "radam": lambda p: optim.RAdam(p, lr=0.02, weight_decay=0.01),
    "radam_decoupled": lambda p: optim.RAdam(p, lr=0.02, weight_decay=0.01, decoupled_weight_decay=True),
    "asgd": lambda p: optim.ASGD(p, lr=0.02, t0=20.0, weight_decay=0.01),
    "rprop": lambda p: optim.Rprop(p, lr=0.02),
    "adafactor": lambda p: optim.Adafactor(p, lr=0.05),
    "adafactor_options": lambda p: optim.Adafactor(p, lr=0.1, beta2_decay=-0.6, eps=(1e-6, 1e-2), d=1.5, weight_decay=0.05),
    "lbfgs": lambda p: optim.LBFGS(p, lr=0.1, max_iter=3, history_size=4),
    "lbfgs_wolfe": lambda p: optim.LBFGS(p, max_iter=3, line_search_fn="strong_wolfe"),
    # Matrices only.
    "muon": lambda p: optim.Muon(p[:1], lr=0.02),
    "muon_options": lambda p: optim.Muon(p[:1], lr=0.02, weight_decay=0.01, momentum=0.8, nesterov=False, adjust_lr_fn="match_rms_adamw"),
}
trajectories = {}
for name, make in optimizers.items():
    entry = {}
    for dtype in (torch.float32, torch.float64):
        a, b = start(dtype)
        optimizer = make([a, b])
        points, steps = [], 50
        for step in range(steps):
            def closure():
                optimizer.zero_grad()
                value = loss(a, b)
                value.backward()
                return value
            optimizer.step(closure)
            if step in (0, 1, 4, steps - 1):
                points.append({"step": step, "a": a.detach().flatten().double().tolist(), "b": b.detach().double().tolist()})
        entry[str(dtype)] = points
    state = optimizer.state_dict()
    entry["group_keys"] = list(state["param_groups"][0].keys())
    entry["state_keys"] = {str(k): list(v.keys()) for k, v in state["state"].items()}
    entry["repr"] = repr(make(list(start(torch.float32))))
    trajectories[name] = entry
json.dump(trajectories, open(os.path.join(here, "optimizers.json"), "w"))

metrics = [1.0, 0.9, 0.9, 0.91, 0.92, 0.95, 0.8, 0.81, 0.82, 0.83, 0.84, 0.85, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7]
schedulers = {
    "StepLR": lambda o: S.StepLR(o, step_size=3, gamma=0.5),
    "MultiStepLR": lambda o: S.MultiStepLR(o, [2, 5, 5, 9], gamma=0.3),
    "ExponentialLR": lambda o: S.ExponentialLR(o, 0.9),
    "CosineAnnealingLR": lambda o: S.CosineAnnealingLR(o, 7, eta_min=0.001),
    "CosineAnnealingWarmRestarts": lambda o: S.CosineAnnealingWarmRestarts(o, 4, T_mult=2, eta_min=0.001),
    "LinearLR": lambda o: S.LinearLR(o, start_factor=0.25, total_iters=6),
    "ConstantLR": lambda o: S.ConstantLR(o, factor=0.5, total_iters=4),
    "PolynomialLR": lambda o: S.PolynomialLR(o, total_iters=8, power=2),
    "LambdaLR": lambda o: S.LambdaLR(o, lambda e: 1 / (1 + e)),
    "MultiplicativeLR": lambda o: S.MultiplicativeLR(o, lambda e: 0.95 - 0.01 * e),
    "SequentialLR": lambda o: S.SequentialLR(o, [S.LinearLR(o, 0.1, total_iters=4), S.ExponentialLR(o, 0.9)], [4]),
    "ChainedScheduler": lambda o: S.ChainedScheduler([S.ConstantLR(o, 0.1, total_iters=3), S.ExponentialLR(o, 0.9)]),
    "OneCycleLR": lambda o: S.OneCycleLR(o, max_lr=0.4, total_steps=20),
    "OneCycleLR_linear3": lambda o: S.OneCycleLR(o, max_lr=0.4, epochs=4, steps_per_epoch=5, anneal_strategy="linear", three_phase=True),
    "CyclicLR": lambda o: S.CyclicLR(o, 0.01, 0.1, step_size_up=4),
    "CyclicLR_triangular2": lambda o: S.CyclicLR(o, 0.01, 0.1, step_size_up=3, step_size_down=2, mode="triangular2"),
    "CyclicLR_exp": lambda o: S.CyclicLR(o, 0.01, 0.1, step_size_up=4, mode="exp_range", gamma=0.95),
    "SWALR": lambda o: optim.swa_utils.SWALR(o, swa_lr=[0.05, 0.02], anneal_epochs=6),
    "SWALR_linear": lambda o: optim.swa_utils.SWALR(o, swa_lr=0.05, anneal_epochs=4, anneal_strategy="linear"),
    "ReduceLROnPlateau": lambda o: S.ReduceLROnPlateau(o, patience=2, factor=0.5, cooldown=1),
}
sequences = {}
for name, make in schedulers.items():
    p = torch.zeros(1, requires_grad=True)
    q = torch.zeros(1, requires_grad=True)
    o = optim.SGD([{"params": [p]}, {"params": [q], "lr": 0.5}], lr=0.1, momentum=0.9)
    s = make(o)
    rates, momenta = [], []
    for step in range(20):
        rates.append([g["lr"] for g in o.param_groups])
        momenta.append([g["momentum"] for g in o.param_groups])
        if step == 19:
            break
        o.step()
        if name == "ReduceLROnPlateau":
            s.step(metrics[step])
        else:
            s.step()
    keys = [k for k, v in s.state_dict().items() if not callable(v)]
    sequences[name] = {"rates": rates, "momenta": momenta, "keys": keys, "last": s.get_last_lr() if hasattr(s, "get_last_lr") else None}
json.dump({"schedulers": sequences, "metrics": metrics}, open(os.path.join(here, "schedulers.json"), "w"), indent=0)
print(len(trajectories), "optimizers,", len(sequences), "schedulers, torch", torch.__version__)
