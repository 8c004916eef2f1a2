// Convolution and transposed convolution: a problem becomes a oneDNN primitive.
//
// Goals: PyTorch's shapes and weight orders; the fastest layouts; Winograd where it pays.
//
// Note [When Winograd]. A 3x3 convolution of stride 1 can be computed on 4x4 output tiles with 36 multiplications
// for a tile and channel pair instead of 144 (Lavin and Gray 2015, F(4x4, 3x3)), at the price of transforming every
// tile of every channel and every weight. Counting in multiplications of the direct method, oneDNN's implementation
// costs
//     36 · tiles · in · out   +   570 · tiles · (in + out)   +   1100 · in · out
// where 570 and 1100 are what the transforms of one tile and of one 3x3 weight cost, fitted by hand on a 2-core AVX-512
// machine. Over 63 cases (shapes from 16 to 512 channels, each pass) it predicts the ratio of the two times within 30 %
// below and 42 % above, and the rule never chose the slower one: its least gain was 1.13 times. Winograd is chosen
// where it saves at least a fifth. Conditions beside the model:
//   - at least 16 channels on both sides: below, the direct kernels do not pad and Winograd does;
//   - at least 16 M multiplications (0.1 ms), so that small problems, those of tests above all, get the direct
//     kernel's rounding;
//   - at most 128 MiB of scratch: the gradient by weights keeps 36 values for each weight and thread.
// Its error relative to the largest output is 1e-6 to 2e-6 forward and by data, where the direct method has 3e-7; by
// weights 8e-7 against 4e-6, because it sums fewer and larger terms. A NaN or an infinity spreads over its tile: to NaN
// in up to 6x6 outputs where PyTorch has 3x3.
//
// Note [No fused ReLU]. oneDNN's ReLU after a convolution turns NaN into 0, which would hide what PyTorch shows; ReLU
// stays a separate elementwise operation on the blocked layout.
#include "internal.hpp"
#include "threads.hpp"

namespace tdnn {

namespace {

using Algorithm = dnnl::algorithm;
using Binding = PrimitivePlan::Binding;

bool is_forward(tdnn_pass pass) { return pass == TDNN_FORWARD_TRAINING || pass == TDNN_FORWARD_INFERENCE; }

int64_t output_size(const tdnn_conv_problem &p, int axis) {
  int64_t extent = p.dilation[axis] * (p.kernel[axis] - 1) + 1;
  int64_t padding = p.padding_low[axis] + p.padding_high[axis];
  if (p.transposed) return (p.input[axis] - 1) * p.stride[axis] - padding + extent + p.output_padding[axis];
  int64_t room = p.input[axis] + padding - extent;
  return room < 0 ? 0 : room / p.stride[axis] + 1;
}

void check(const tdnn_conv_problem &p) {
  require(p.spatial_rank >= 1 && p.spatial_rank <= 3, "a convolution has 1 to 3 spatial dimensions");
  require(p.batch > 0 && p.in_channels > 0 && p.out_channels > 0, "a convolution without elements has no plan");
  require(p.groups > 0 && p.in_channels % p.groups == 0 && p.out_channels % p.groups == 0,
          "groups must divide the channels");
  for (int axis = 0; axis < p.spatial_rank; ++axis) {
    require(p.input[axis] > 0 && p.kernel[axis] > 0 && p.stride[axis] > 0 && p.dilation[axis] > 0,
            "input, kernel, stride and dilation must be positive");
    require(output_size(p, axis) > 0, "the kernel is larger than the padded input");
  }
}

bool winograd_pays(const tdnn_conv_problem &p) {
  if (p.dtype != TDNN_FLOAT32 || p.spatial_rank != 2 || p.groups != 1 || p.transposed) return false;
  for (int axis = 0; axis < 2; ++axis) {
    if (p.kernel[axis] != 3 || p.stride[axis] != 1 || p.dilation[axis] != 1) return false;
  }
  if (p.in_channels < 16 || p.out_channels < 16 || !tdnn_get_capabilities().winograd) return false;
  double in = (p.in_channels + 15) / 16 * 16, out = (p.out_channels + 15) / 16 * 16;
  double height = output_size(p, 0), width = output_size(p, 1), images = p.batch;
  double tiles = images * ((output_size(p, 0) + 3) / 4) * ((output_size(p, 1) + 3) / 4);
  double direct = 9 * images * height * width * in * out;
  double winograd = 36 * tiles * in * out + 570 * tiles * (in + out) + 1100 * in * out;
  return direct >= 16e6 && direct >= 1.25 * winograd;
}

constexpr size_t kMostWinogradScratch = size_t{128} << 20;

// Shapes and PyTorch's contiguous layouts of the operands. With groups oneDNN's weights have a dimension more; a
// transposed convolution's are [out, in, …] where PyTorch's are [in, out, …].
struct Geometry {
  Dims src, weights, bias, dst, stride, dilation, low, high;
  const tdnn_layout *plain_weights;

  explicit Geometry(const tdnn_conv_problem &p) {
    int rank = p.spatial_rank;
    int64_t in = p.in_channels / p.groups, out = p.out_channels / p.groups, kernel = 1;
    src = {p.batch, p.in_channels};
    dst = {p.batch, p.out_channels};
    bias = {p.out_channels};
    if (p.groups > 1) weights = {p.groups};
    weights.insert(weights.end(), {out, in});
    for (int axis = 0; axis < rank; ++axis) {
      src.push_back(p.input[axis]);
      dst.push_back(output_size(p, axis));
      weights.push_back(p.kernel[axis]);
      kernel *= p.kernel[axis];
      stride.push_back(p.stride[axis]);
      dilation.push_back(p.dilation[axis] - 1);
      low.push_back(p.padding_low[axis]);
      high.push_back(p.padding_high[axis] - (p.transposed ? p.output_padding[axis] : 0));
    }
    Dims strides;
    if (p.groups > 1) strides = {in * out * kernel};
    if (p.transposed) strides.insert(strides.end(), {kernel, out * kernel});
    else strides.insert(strides.end(), {in * kernel, kernel});
    for (int axis = 0; axis < rank; ++axis) strides.push_back(kernel /= p.kernel[axis]);
    plain_weights = strided(p.dtype, weights, strides);
  }
};

template <class Forward, class BackwardData, class BackwardWeights>
PrimitivePlan *make(const tdnn_conv_problem &p, const Geometry &g, Algorithm algorithm) {
  auto any = [&](const Dims &dims) { return Desc(dims, onednn_type(p.dtype), dnnl::memory::format_tag::any); };
  Desc src = any(g.src), weights = any(g.weights), dst = any(g.dst), bias = any(g.bias);
  Attributes attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  auto kind = p.pass == TDNN_FORWARD_INFERENCE ? dnnl::prop_kind::forward_inference : dnnl::prop_kind::forward_training;
  auto forward = p.has_bias && is_forward(p.pass)
      ? describe<Forward>(attributes, kind, algorithm, src, weights, bias, dst, g.stride, g.dilation, g.low, g.high)
      : describe<Forward>(attributes, kind, algorithm, src, weights, dst, g.stride, g.dilation, g.low, g.high);

  if (is_forward(p.pass)) {
    std::vector<Binding> bindings = {
        {TDNN_SRC, DNNL_ARG_SRC}, {TDNN_WEIGHTS, DNNL_ARG_WEIGHTS}, {TDNN_DST, DNNL_ARG_DST}};
    if (p.has_bias) bindings.push_back({TDNN_BIAS, DNNL_ARG_BIAS});
    return new PrimitivePlan(forward, Forward(forward), bindings);
  }
  if (p.pass == TDNN_BACKWARD_DATA) {
    auto backward = describe_backward<BackwardData>(
        attributes, forward, algorithm, src, weights, dst, g.stride, g.dilation, g.low, g.high);
    return new PrimitivePlan(
        backward, BackwardData(backward),
        {{TDNN_DIFF_DST, DNNL_ARG_DIFF_DST}, {TDNN_WEIGHTS, DNNL_ARG_WEIGHTS}, {TDNN_DIFF_SRC, DNNL_ARG_DIFF_SRC}});
  }
  auto backward = p.has_bias
      ? describe_backward<BackwardWeights>(
            attributes, forward, algorithm, src, weights, bias, dst, g.stride, g.dilation, g.low, g.high)
      : describe_backward<BackwardWeights>(
            attributes, forward, algorithm, src, weights, dst, g.stride, g.dilation, g.low, g.high);
  std::vector<Binding> bindings = {
      {TDNN_SRC, DNNL_ARG_SRC}, {TDNN_DIFF_DST, DNNL_ARG_DIFF_DST}, {TDNN_DIFF_WEIGHTS, DNNL_ARG_DIFF_WEIGHTS}};
  if (p.has_bias) bindings.push_back({TDNN_DIFF_BIAS, DNNL_ARG_DIFF_BIAS});
  return new PrimitivePlan(backward, BackwardWeights(backward), bindings);
}

PrimitivePlan *make(const tdnn_conv_problem &p, const Geometry &g, bool winograd) {
  if (p.transposed) {
    return make<dnnl::deconvolution_forward, dnnl::deconvolution_backward_data, dnnl::deconvolution_backward_weights>(
        p, g, winograd ? Algorithm::deconvolution_winograd : Algorithm::deconvolution_direct);
  }
  return make<dnnl::convolution_forward, dnnl::convolution_backward_data, dnnl::convolution_backward_weights>(
      p, g, winograd ? Algorithm::convolution_winograd : Algorithm::convolution_direct);
}

PrimitivePlan *choose(const tdnn_conv_problem &p, const Geometry &g) {
  if (p.algorithm != TDNN_ALGORITHM_AUTO) return make(p, g, p.algorithm == TDNN_ALGORITHM_WINOGRAD);
  if (winograd_pays(p)) {
    try {
      std::unique_ptr<PrimitivePlan> plan(make(p, g, true));
      if (plan->scratch_bytes <= kMostWinogradScratch) return plan.release();
    } catch (const dnnl::error &) {
      // This oneDNN has none for the case; the direct method is always there.
    }
  }
  return make(p, g, false);
}

tdnn_plan *make_plan(const tdnn_conv_problem &p) {
  check(p);
  ThreadCountScope threads;
  Geometry g(p);
  std::unique_ptr<PrimitivePlan> plan(choose(p, g));
  auto plain = [&](tdnn_operand operand, const tdnn_layout *layout) {
    if (plan->layouts[operand]) plan->plain_layouts[operand] = layout;
  };
  plain(TDNN_SRC, contiguous(p.dtype, g.src));
  plain(TDNN_DIFF_SRC, contiguous(p.dtype, g.src));
  plain(TDNN_DST, contiguous(p.dtype, g.dst));
  plain(TDNN_DIFF_DST, contiguous(p.dtype, g.dst));
  plain(TDNN_BIAS, contiguous(p.dtype, g.bias));
  plain(TDNN_DIFF_BIAS, contiguous(p.dtype, g.bias));
  plain(TDNN_WEIGHTS, g.plain_weights);
  plain(TDNN_DIFF_WEIGHTS, g.plain_weights);
  return plan.release();
}

}  // namespace
}  // namespace tdnn

using namespace tdnn;

tdnn_status tdnn_conv_plan(const tdnn_conv_problem *problem, tdnn_plan **plan) {
  return guarded([&] {
    const tdnn_conv_problem &p = *problem;
    int rank = p.spatial_rank;
    require(rank >= 1 && rank <= 3, "a convolution has 1 to 3 spatial dimensions");
    PlanKey key(PlanKey::kConvolution);
    key.add(p.pass).add(p.dtype).add(p.algorithm).add(p.transposed).add(p.has_bias).add(rank);
    key.add(p.batch).add(p.in_channels).add(p.out_channels).add(p.groups);
    for (const int64_t *words : {p.input, p.kernel, p.stride, p.dilation, p.padding_low, p.padding_high}) {
      key.add(words, rank);
    }
    if (p.transposed) key.add(p.output_padding, rank);
    *plan = cached_plan(key, [&] { return make_plan(p); });
    return TDNN_OK;
  });
}

int64_t tdnn_conv_output_size(const tdnn_conv_problem *problem, int32_t axis) { return output_size(*problem, axis); }
