"""Makes Fixtures/distributions/cases.json from real PyTorch: densities, moments, gradients, divergences, draws under seeds.

Run with a Python that has torch: python Fixtures/distributions/make.py
"""
import json, math, os
import torch
import torch.distributions as D
from torch.distributions import transforms as T

here = os.path.dirname(os.path.abspath(__file__))
torch.set_num_threads(1)


def numbers(x):
    """JSON has no infinities."""
    flat = x.detach().double().flatten().tolist()
    return [v if math.isfinite(v) else ("nan" if math.isnan(v) else "inf" if v > 0 else "-inf") for v in flat]


L, S, P = [0.3, -1.2, 2.0], [0.7, 1.5, 2.5], [0.2, 0.55, 0.9]
M = [[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]]
LOGITS = [[0.1, -0.4, 1.2], [2.0, 0.3, -0.7]]
COV = [[2.0, 0.3, 0.1], [0.3, 1.0, -0.2], [0.1, -0.2, 0.8]]
TRIL = [[1.2, 0.0, 0.0], [0.4, 0.9, 0.0], [-0.3, 0.2, 0.7]]
# name: (parameters, how to make it of them, a value)
cases = {
    "Normal": ([L, S], lambda p: D.Normal(*p), [0.1, 0.4, -2.0]),
    "Laplace": ([L, S], lambda p: D.Laplace(*p), [0.1, 0.4, -2.0]),
    "Cauchy": ([L, S], lambda p: D.Cauchy(*p), [0.1, 0.4, -2.0]),
    "StudentT": ([[3.5, 1.5, 0.8], L, S], lambda p: D.StudentT(*p), [0.1, 0.4, -2.0]),
    "Uniform": ([L, [1.0, 2.0, 5.0]], lambda p: D.Uniform(*p), [0.5, 0.4, 3.0]),
    "Exponential": ([S], lambda p: D.Exponential(*p), [0.5, 0.4, 3.0]),
    "Gamma": ([[0.6, 2.0, 12.0], S], lambda p: D.Gamma(*p), [0.5, 0.4, 3.0]),
    "Chi2": ([[1.0, 3.0, 6.0]], lambda p: D.Chi2(*p), [0.5, 0.4, 3.0]),
    "Beta": ([[0.6, 2.0, 9.0], [1.5, 0.7, 8.0]], lambda p: D.Beta(*p), [0.5, 0.4, 0.3]),
    "Dirichlet": ([[[0.5, 2.0, 3.0], [8.0, 9.0, 7.5]]], lambda p: D.Dirichlet(*p), [[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]]),
    "Bernoulli": ([P], lambda p: D.Bernoulli(probs=p[0]), [1.0, 0.0, 1.0]),
    "Bernoulli_logits": ([L], lambda p: D.Bernoulli(logits=p[0]), [1.0, 0.0, 1.0]),
    "Binomial": ([P], lambda p: D.Binomial(10, probs=p[0]), [3.0, 0.0, 10.0]),
    "Binomial_logits": ([L], lambda p: D.Binomial(40, logits=p[0]), [3.0, 0.0, 10.0]),
    "Geometric": ([P], lambda p: D.Geometric(probs=p[0]), [3.0, 0.0, 1.0]),
    "Geometric_logits": ([L], lambda p: D.Geometric(logits=p[0]), [3.0, 0.0, 1.0]),
    "Poisson": ([[0.7, 4.0, 25.0]], lambda p: D.Poisson(*p), [3.0, 0.0, 21.0]),
    "Categorical": ([M], lambda p: D.Categorical(probs=p[0]), [2.0, 0.0]),
    "Categorical_logits": ([LOGITS], lambda p: D.Categorical(logits=p[0]), [2.0, 0.0]),
    "OneHotCategorical": ([M], lambda p: D.OneHotCategorical(probs=p[0]), [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]),
    "Multinomial": ([M], lambda p: D.Multinomial(6, probs=p[0]), [[1.0, 3.0, 2.0], [6.0, 0.0, 0.0]]),
    "MultivariateNormal": ([L, COV], lambda p: D.MultivariateNormal(p[0], p[1]), [[0.1, 0.4, -2.0], [1.0, 0.0, 0.5]]),
    "MultivariateNormal_tril": ([[L, S], TRIL], lambda p: D.MultivariateNormal(p[0], scale_tril=p[1]), [0.1, 0.4, -2.0]),
    "MultivariateNormal_precision": ([L, COV], lambda p: D.MultivariateNormal(p[0], precision_matrix=p[1]), [0.1, 0.4, -2.0]),
    "LogNormal": ([L, S], lambda p: D.LogNormal(*p), [0.1, 0.4, 2.0]),
    "HalfNormal": ([S], lambda p: D.HalfNormal(*p), [0.1, 0.4, 2.0]),
    "HalfCauchy": ([S], lambda p: D.HalfCauchy(*p), [0.1, 0.4, 2.0]),
    "Gumbel": ([L, S], lambda p: D.Gumbel(*p), [0.1, 0.4, 2.0]),
    "Independent": ([L, S], lambda p: D.Independent(D.Normal(*p), 1), [0.1, 0.4, -2.0]),
    "Logistic": ([L, S], lambda p: D.TransformedDistribution(
        D.Uniform(torch.zeros_like(p[0].detach()), torch.ones_like(p[0].detach())), [T.SigmoidTransform().inv, T.AffineTransform(p[0], p[1])]), [0.1, 0.4, 2.0]),
    "Squashed": ([L, S], lambda p: D.TransformedDistribution(D.Normal(*p), [T.TanhTransform(), T.AffineTransform(1.0, -2.0)]), [0.1, 0.4, 2.0]),
    "Sticks": ([L, S], lambda p: D.TransformedDistribution(D.Normal(*p), [T.StickBreakingTransform()]), [0.1, 0.4, 0.3, 0.2]),
    "Reshaped": ([L, S], lambda p: D.TransformedDistribution(D.Normal(*p), [T.SoftplusTransform(), T.ReshapeTransform((3,), (3, 1))]), [[0.1], [0.4], [2.0]]),
    "Power": ([S], lambda p: D.TransformedDistribution(D.Exponential(p[0]), [T.PowerTransform(torch.tensor(0.5, dtype=p[0].dtype))]), [0.1, 0.4, 2.0]),
}


def optional(f):
    try:
        return numbers(f())
    except NotImplementedError:
        return None


def parameters(values, dtype):
    return [torch.tensor(v, dtype=dtype, requires_grad=True) for v in values]


out = {}
for name, (values, make, value) in cases.items():
    p = parameters(values, torch.float64)
    d = make(p)
    entry = {"parameters": [{"shape": list(x.shape), "values": numbers(x)} for x in p], "repr": repr(d),
             "batch_shape": list(d.batch_shape), "event_shape": list(d.event_shape)}
    x = torch.tensor(value, dtype=torch.float64)
    entry["value"] = {"shape": list(x.shape), "values": numbers(x)}
    log_prob = d.log_prob(x)
    entry["log_prob"] = numbers(log_prob)
    entry["log_prob_grads"] = [numbers(g) for g in torch.autograd.grad(log_prob.sum(), p)]
    for what in ("mean", "mode", "variance", "stddev"):
        entry[what] = optional(lambda: getattr(make(p), what))
    entry["entropy"] = optional(lambda: make(p).entropy())
    try:
        entry["entropy_grads"] = [numbers(g if g is not None else torch.zeros_like(q))
                                  for q, g in zip(p, torch.autograd.grad(make(p).entropy().sum(), p, allow_unused=True))]
    except NotImplementedError:
        entry["entropy_grads"] = None
    entry["cdf"] = optional(lambda: make(p).cdf(x))
    entry["icdf"] = optional(lambda: make(p).icdf(torch.full(list(d.batch_shape), 0.3, dtype=torch.float64))) if not d.event_shape else None
    entry["support"] = optional(lambda: make(p).enumerate_support()) if d.has_enumerate_support else None
    entry["expanded"] = [list(s) for s in (lambda e: (e.batch_shape, e.event_shape, e.sample((2,)).shape))(d.expand((4,) + tuple(d.batch_shape)))]
    for dtype in (torch.float64, torch.float32):
        d = make(parameters(values, dtype))
        torch.manual_seed(5)
        entry["sample_" + str(dtype)[6:]] = numbers(d.sample((4,)))
    if d.has_rsample:
        torch.manual_seed(7)
        p = parameters(values, torch.float64)
        draw = make(p).rsample((4,))
        weight = torch.arange(draw.numel(), dtype=torch.float64).reshape(draw.shape) / 10 + 0.5
        grads = torch.autograd.grad((draw * weight).sum(), p)
        entry["rsample"] = {"draw": numbers(draw), "grads": [numbers(g) for g in grads]}
    out[name] = entry

# Divergences: every pair of the elementary kinds that PyTorch knows.
kinds = ["Normal", "Laplace", "Cauchy", "Uniform", "Exponential", "Gamma", "Chi2", "Beta", "Dirichlet", "Bernoulli", "Binomial", "Geometric",
         "Poisson", "Categorical", "OneHotCategorical", "MultivariateNormal", "MultivariateNormal_tril", "LogNormal", "HalfNormal", "Gumbel", "Independent"]


def other(values):
    return [[other(v) if isinstance(v, list) else v * 0.8 + 0.15 for v in x] if isinstance(x, list) else x * 0.8 + 0.15 for x in values]


kl = {}
for a in kinds:
    for b in kinds:
        p = parameters(cases[a][0], torch.float64)
        q = parameters(other(cases[b][0]) if a == b and a not in ("MultivariateNormal", "MultivariateNormal_tril", "Categorical", "OneHotCategorical") else cases[b][0], torch.float64)
        try:
            result = D.kl_divergence(cases[a][1](p), cases[b][1](q))
        except (NotImplementedError, RuntimeError, ValueError):
            continue
        entry = {"p": a, "q": b, "other": [{"shape": list(x.shape), "values": numbers(x)} for x in q], "value": numbers(result)}
        if result.requires_grad and torch.isfinite(result).all():
            grads = torch.autograd.grad(result.sum(), p + q, allow_unused=True)
            entry["grads"] = [numbers(g if g is not None else torch.zeros_like(x)) for x, g in zip(p + q, grads)]
        kl[a + "|" + b] = entry


def message(f):
    try:
        f()
    except (ValueError, NotImplementedError) as error:
        return str(error)
    raise AssertionError("no error")


t = torch.tensor
errors = {
    "negative scale": message(lambda: D.Normal(0.0, -1.0)),
    "scales": message(lambda: D.Normal(t([0.0, 1.0]), t([1.0, -1.0]))),
    "bernoulli": message(lambda: D.Bernoulli(probs=1.5)),
    "both": message(lambda: D.Bernoulli(probs=0.5, logits=0.5)),
    "uniform": message(lambda: D.Uniform(1.0, 0.0)),
    "support": message(lambda: D.Exponential(1.0).log_prob(t(-1.0))),
    "category": message(lambda: D.Categorical(probs=t([0.5, 0.5])).log_prob(t(2))),
    "shape": message(lambda: D.Normal(torch.zeros(3), 1.0).log_prob(torch.zeros(2))),
    "event": message(lambda: D.Dirichlet(torch.ones(3)).log_prob(t([0.5, 0.5]))),
    "independent": message(lambda: D.Independent(D.Normal(0.0, 1.0), 1)),
    "geometric": message(lambda: D.Geometric(probs=t([0.0, 0.5]))),
    "covariance": message(lambda: D.MultivariateNormal(torch.zeros(2), t([[1.0, 2.0], [2.0, 1.0]]))),
    "divergence": message(lambda: D.kl_divergence(D.Normal(0.0, 1.0), D.Cauchy(0.0, 1.0))),
}
json.dump({"cases": out, "kl": kl, "errors": errors}, open(os.path.join(here, "cases.json"), "w"), indent=0)
print(len(out), "distributions,", len(kl), "divergences,", len(errors), "errors, torch", torch.__version__)
