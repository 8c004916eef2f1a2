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
    "NegativeBinomial": ([[3.0, 0.5, 7.0], P], lambda p: D.NegativeBinomial(p[0], probs=p[1]), [3.0, 0.0, 21.0]),
    "NegativeBinomial_logits": ([[3.0, 0.5, 7.0], L], lambda p: D.NegativeBinomial(p[0], logits=p[1]), [3.0, 0.0, 21.0]),
    "ContinuousBernoulli": ([[0.2, 0.5, 0.9]], lambda p: D.ContinuousBernoulli(probs=p[0]), [0.1, 0.4, 0.7]),
    "ContinuousBernoulli_logits": ([L], lambda p: D.ContinuousBernoulli(logits=p[0]), [0.1, 0.4, 0.7]),
    "VonMises": ([L, [0.5, 2.0, 9.0]], lambda p: D.VonMises(*p), [0.1, 0.4, -2.0]),
    "Pareto": ([[0.3, 1.0, 2.0], [1.5, 3.0, 0.8]], lambda p: D.Pareto(*p), [0.5, 1.4, 3.0]),
    "GeneralizedPareto": ([L, S, [0.2, 0.0, -0.4]], lambda p: D.GeneralizedPareto(*p), [0.5, 1.4, 3.0]),
    "Weibull": ([S, [1.5, 2.0, 3.5]], lambda p: D.Weibull(*p), [0.5, 1.4, 3.0]),
    "Kumaraswamy": ([[1.6, 2.0, 3.0], [1.5, 2.7, 4.0]], lambda p: D.Kumaraswamy(*p), [0.5, 0.4, 0.3]),
    "InverseGamma": ([[0.6, 2.0, 12.0], S], lambda p: D.InverseGamma(*p), [0.5, 0.4, 3.0]),
    "FisherSnedecor": ([[1.5, 3.0, 6.0], [1.0, 3.5, 9.0]], lambda p: D.FisherSnedecor(*p), [0.5, 0.4, 3.0]),
    "LogisticNormal": ([L, S], lambda p: D.LogisticNormal(*p), [0.1, 0.4, 0.3, 0.2]),
    "LogitRelaxedBernoulli": ([[0.7], P], lambda p: D.relaxed_bernoulli.LogitRelaxedBernoulli(p[0], probs=p[1]), [0.1, 0.4, -2.0]),
    "RelaxedBernoulli": ([[0.7], P], lambda p: D.RelaxedBernoulli(p[0], probs=p[1]), [0.1, 0.4, 0.9]),
    "RelaxedBernoulli_logits": ([[0.7], L], lambda p: D.RelaxedBernoulli(p[0], logits=p[1]), [0.1, 0.4, 0.9]),
    "ExpRelaxedCategorical": ([0.7, M], lambda p: D.relaxed_categorical.ExpRelaxedCategorical(p[0], probs=p[1]), [[-1.5, -0.8, -1.1], [-0.5, -2.0, -1.4]]),
    "RelaxedOneHotCategorical": ([0.7, LOGITS], lambda p: D.RelaxedOneHotCategorical(p[0], logits=p[1]), [[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]]),
    "OneHotCategoricalStraightThrough": ([M], lambda p: D.OneHotCategoricalStraightThrough(probs=p[0]), [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]),
    "LKJCholesky": ([[0.5, 2.0]], lambda p: D.LKJCholesky(3, p[0]), [[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [0.0, 0.6, 0.8]]),
    "LowRankMultivariateNormal": ([L, [[1.0, 0.2], [0.5, -0.3], [0.1, 0.9]], S], lambda p: D.LowRankMultivariateNormal(*p), [[0.1, 0.4, -2.0], [1.0, 0.0, 0.5]]),
    "Wishart": ([5.5, COV], lambda p: D.Wishart(p[0], covariance_matrix=p[1]), [[3.0, 0.4, 0.2], [0.4, 2.0, -0.3], [0.2, -0.3, 1.5]]),
    "Wishart_tril": ([[5.5, 3.2], TRIL], lambda p: D.Wishart(p[0], scale_tril=p[1]), [[3.0, 0.4, 0.2], [0.4, 2.0, -0.3], [0.2, -0.3, 1.5]]),
    "Mixture": ([M[0], L, S], lambda p: D.MixtureSameFamily(D.Categorical(probs=p[0]), D.Normal(p[1], p[2])), [0.1, 0.4, -2.0]),
    "Mixture_vectors": ([M, [[L, S, L], [S, L, S]], [[S, S, S], [S, S, S]]], lambda p: D.MixtureSameFamily(D.Categorical(logits=p[0]), D.Independent(D.Normal(p[1], p[2]), 1)), [0.1, 0.4, -2.0]),
    "Copula": ([L, S], lambda p: D.TransformedDistribution(D.Normal(*p), [T.CumulativeDistributionTransform(D.Normal(torch.zeros_like(p[0].detach()), torch.ones_like(p[0].detach())))]), [0.1, 0.4, 0.9]),
    "Correlations": ([L, S], lambda p: D.TransformedDistribution(D.Normal(*p), [T.CorrCholeskyTransform()]), [[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [0.0, 0.6, 0.8]]),
    "Cat": ([L, S], lambda p: D.TransformedDistribution(D.Normal(*p), [T.CatTransform([T.ExpTransform(), T.identity_transform], dim=-1, lengths=[2, 1])]), [0.1, 0.4, -0.9]),
    "Stack": ([L, S], lambda p: D.TransformedDistribution(D.Normal(*p), [T.StackTransform([T.ExpTransform(), T.AffineTransform(1.0, 2.0), T.SigmoidTransform()], dim=-1)]), [0.1, 0.4, 0.9]),
    "Power": ([S], lambda p: D.TransformedDistribution(D.Exponential(p[0]), [T.PowerTransform(torch.tensor(0.5, dtype=p[0].dtype))]), [0.1, 0.4, 2.0]),
}


def optional(f):
    try:
        return numbers(f())
    except (NotImplementedError, AttributeError):
        return None


def parameters(values, dtype):
    return [torch.tensor(v, dtype=dtype, requires_grad=True) for v in values]


out = {}
# PyTorch's generalized Pareto distribution compares with a number of the default dtype.
torch.set_default_dtype(torch.float64)
for name, (values, make, value) in cases.items():
    p = parameters(values, torch.float64)
    d = make(p)
    entry = {"parameters": [{"shape": list(x.shape), "values": numbers(x)} for x in p], "repr": repr(d),
             "batch_shape": list(d.batch_shape), "event_shape": list(d.event_shape)}
    x = torch.tensor(value, dtype=torch.float64)
    entry["value"] = {"shape": list(x.shape), "values": numbers(x)}
    log_prob = d.log_prob(x)
    entry["log_prob"] = numbers(log_prob)
    entry["log_prob_grads"] = [numbers(g if g is not None else torch.zeros_like(q))
                               for q, g in zip(p, torch.autograd.grad(log_prob.sum(), p, allow_unused=True))]
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
        torch.set_default_dtype(dtype)
        d = make(parameters(values, dtype))
        torch.manual_seed(5)
        entry["sample_" + str(dtype)[6:]] = numbers(d.sample((4,)))
    torch.set_default_dtype(torch.float64)
    if d.has_rsample:
        torch.manual_seed(7)
        p = parameters(values, torch.float64)
        draw = make(p).rsample((4,))
        weight = torch.arange(draw.numel(), dtype=torch.float64).reshape(draw.shape) / 10 + 0.5
        try:
            grads = torch.autograd.grad((draw * weight).sum(), p, allow_unused=True)
        except RuntimeError:  # Wishart's draw writes into a mask that its own gradient needs
            grads = []
        entry["rsample"] = {"draw": numbers(draw), "grads": [numbers(g if g is not None else torch.zeros_like(q)) for q, g in zip(p, grads)]}
    out[name] = entry

torch.set_default_dtype(torch.float32)

# Divergences: every pair of the elementary kinds that PyTorch knows.
kinds = ["Normal", "Laplace", "Cauchy", "Uniform", "Exponential", "Gamma", "Chi2", "Beta", "Dirichlet", "Bernoulli", "Binomial", "Geometric",
         "Poisson", "Categorical", "OneHotCategorical", "MultivariateNormal", "MultivariateNormal_tril", "LogNormal", "HalfNormal", "Gumbel", "Independent",
         "ContinuousBernoulli", "Pareto", "LowRankMultivariateNormal", "Wishart", "LogisticNormal", "OneHotCategoricalStraightThrough"]


def other(values):
    return [[other(v) if isinstance(v, list) else v * 0.8 + 0.15 for v in x] if isinstance(x, list) else x * 0.8 + 0.15 for x in values]


unscaled = ("MultivariateNormal", "MultivariateNormal_tril", "Categorical", "OneHotCategorical", "Wishart", "OneHotCategoricalStraightThrough")
kl = {}
for a in kinds:
    for b in kinds:
        p = parameters(cases[a][0], torch.float64)
        q = parameters(other(cases[b][0]) if a == b and a not in unscaled else cases[b][0], torch.float64)
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
    "negative binomial": message(lambda: D.NegativeBinomial(-1.0, probs=t([0.5]))),
    "negative binomial probs": message(lambda: D.NegativeBinomial(1.0, probs=t([1.0]))),
    "lkj dim": message(lambda: D.LKJCholesky(1)),
    "lkj value": message(lambda: D.LKJCholesky(2, 1.0).log_prob(torch.eye(2) * 2)),
    "wishart df": message(lambda: D.Wishart(t(1.0), covariance_matrix=torch.eye(3))),
    "wishart value": message(lambda: D.Wishart(t(4.0), covariance_matrix=torch.eye(2)).log_prob(t([[1.0, 2.0], [2.0, 1.0]]))),
    "low rank": message(lambda: D.LowRankMultivariateNormal(torch.zeros(2), torch.zeros(3, 1), torch.ones(2))),
    "low rank batch": message(lambda: D.LowRankMultivariateNormal(torch.zeros(3, 2), torch.zeros(2, 2, 1), torch.ones(2))),
    "mixture": message(lambda: D.MixtureSameFamily(D.Categorical(torch.ones(3)), D.Normal(torch.zeros(2), 1.0))),
    "mixture value": message(lambda: D.MixtureSameFamily(D.Categorical(torch.ones(2)), D.Exponential(torch.ones(2))).log_prob(t(-1.0))),
    "pareto value": message(lambda: D.Pareto(2.0, 1.0).log_prob(t(1.0))),
    "continuous bernoulli": message(lambda: D.ContinuousBernoulli(probs=t(2.0), validate_args=True)),
    "families": message(lambda: D.kl_divergence(D.Normal(0.0, 1.0), D.Wishart(t(4.0), covariance_matrix=torch.eye(2)))),
    "low rank divergence": message(lambda: D.kl_divergence(D.LowRankMultivariateNormal(torch.zeros(2), torch.ones(2, 1), torch.ones(2)), D.LowRankMultivariateNormal(torch.zeros(3), torch.ones(3, 1), torch.ones(3)))),
    "bijection": message(lambda: D.biject_to(D.constraints.lower_cholesky)),
    "transform": message(lambda: D.transform_to(D.constraints.boolean)),
    "divergence": message(lambda: D.kl_divergence(D.Normal(0.0, 1.0), D.Cauchy(0.0, 1.0))),
}
# Constraints: their checks, the transforms onto them and back.
C = D.constraints
regions = {
    "positive": (C.positive, L), "nonnegative": (C.nonnegative, L), "greater": (C.greater_than(2.0), L), "less": (C.less_than(1), L),
    "unit": (C.unit_interval, L), "interval": (C.interval(-1.0, 3.0), L), "half open": (C.half_open_interval(0.5, 2.0), L),
    "simplex": (C.simplex, L), "vector": (C.real_vector, L), "positives": (C.independent(C.positive, 1), L),
    "lower cholesky": (C.lower_cholesky, COV), "positive definite": (C.positive_definite, COV),
    "semidefinite": (C.positive_semidefinite, COV), "corr cholesky": (C.corr_cholesky, [0.3, -0.2, 0.9]),
    "cat": (C.cat([C.positive, C.unit_interval], dim=0, lengths=[2, 1]), L), "stack": (C.stack([C.positive, C.real, C.less_than(0.0)], dim=0), L),
    "square": (C.square, COV), "symmetric": (C.symmetric, COV), "one hot": (C.one_hot, [0.0, 1.0, 0.0]), "lower": (C.lower_triangular, TRIL),
    "mixture": (C.MixtureSameFamilyConstraint(C.positive), L),
}
checks = {}
for name, (region, value) in regions.items():
    x = torch.tensor(value, dtype=torch.float64)
    entry = {"repr": repr(region), "event_dim": region.event_dim, "value": {"shape": list(x.shape), "values": numbers(x)}, "check": numbers(region.check(x)) if name != "corr cholesky" else None}
    for what, registry in (("biject", D.biject_to), ("transform", D.transform_to)):
        try:
            f = registry(region)
        except NotImplementedError:
            continue
        y = f(x)
        entry[what] = {"repr": repr(f), "shape": list(y.shape), "y": numbers(y), "inverse": numbers(f.inv(y)), "valid": numbers(region.check(y))}
        try:
            entry[what]["log_det"] = numbers(f.log_abs_det_jacobian(x, y))
        except NotImplementedError:
            pass
    checks[name] = entry
json.dump({"constraints": checks, "cases": out, "kl": kl, "errors": errors}, open(os.path.join(here, "cases.json"), "w"), indent=0)
print(len(out), "distributions,", len(kl), "divergences,", len(errors), "errors, torch", torch.__version__)
