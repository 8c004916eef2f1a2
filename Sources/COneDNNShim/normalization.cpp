// Batch and layer normalization on oneDNN, in whatever layout the activation has.
// Reference: torch.nn.BatchNorm2d, torch.nn.LayerNorm; the running statistics are the caller's.
#include "internal.hpp"
#include "threads.hpp"

namespace tdnn {

namespace {

using Binding = PrimitivePlan::Binding;
using Flags = dnnl::normalization_flags;

// The operands common to both: forward writes or reads the statistics, backward reads them.
std::vector<Binding> bindings(bool forward, bool statistics, bool scale, bool shift) {
  std::vector<Binding> result = {{TDNN_SRC, DNNL_ARG_SRC}};
  if (statistics) result.insert(result.end(), {{TDNN_MEAN, DNNL_ARG_MEAN}, {TDNN_VARIANCE, DNNL_ARG_VARIANCE}});
  if (scale) result.push_back({TDNN_SCALE, DNNL_ARG_SCALE});
  if (forward) {
    if (shift) result.push_back({TDNN_SHIFT, DNNL_ARG_SHIFT});
    result.push_back({TDNN_DST, DNNL_ARG_DST});
  } else {
    result.insert(result.end(), {{TDNN_DIFF_DST, DNNL_ARG_DIFF_DST}, {TDNN_DIFF_SRC, DNNL_ARG_DIFF_SRC}});
    if (scale) result.push_back({TDNN_DIFF_SCALE, DNNL_ARG_DIFF_SCALE});
    if (shift) result.push_back({TDNN_DIFF_SHIFT, DNNL_ARG_DIFF_SHIFT});
    // oneDNN 2 counts shift among the inputs and never reads it: any memory of its size will do.
    if (shift && kBackwardCountsShift) result.push_back({TDNN_DIFF_SHIFT, DNNL_ARG_SHIFT});
  }
  return result;
}

// The descriptor to normalize by: oneDNN has no fast kernel for a contiguous [N, C, L], but has one for [N, C, L, 1].
Desc view(const tdnn_layout *layout) {
  Dims dims = dims_of(layout);
  if (dims.size() != 3 || layout != contiguous(layout->info.dtype, dims)) return layout->desc;
  dims.push_back(1);
  return contiguous(layout->info.dtype, dims)->desc;
}

template <class Forward, class Backward>
tdnn_plan *make(
    tdnn_pass pass, const tdnn_layout *layout, const Desc &data, bool has_scale, bool has_shift, bool given_statistics,
    float epsilon) {
  require(pass != TDNN_BACKWARD_WEIGHTS, "TDNN_BACKWARD_DATA gives all gradients of a normalization");
  ThreadCountScope threads;
  Attributes attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  Flags flags = Flags::none;
  if (has_scale) flags |= Flags::use_scale;
  if (has_shift) flags |= Flags::use_shift;
  if (given_statistics) flags |= Flags::use_global_stats;
  auto kind = pass == TDNN_FORWARD_INFERENCE ? dnnl::prop_kind::forward_inference : dnnl::prop_kind::forward_training;
  auto forward = describe_normalization<Forward>(attributes, kind, data, epsilon, flags);
  std::unique_ptr<PrimitivePlan> plan;
  if (pass != TDNN_BACKWARD_DATA) {
    bool statistics = given_statistics || pass == TDNN_FORWARD_TRAINING;
    plan = std::make_unique<PrimitivePlan>(
        forward, Forward(forward), bindings(true, statistics, has_scale, has_shift));
  } else {
    auto kind = has_scale || has_shift ? dnnl::prop_kind::backward : dnnl::prop_kind::backward_data;
    auto backward = describe_normalization_backward<Backward>(
        attributes, forward, kind, data, epsilon, flags);
    plan = std::make_unique<PrimitivePlan>(
        backward, Backward(backward), bindings(false, true, has_scale, has_shift));
  }
  for (int operand : {TDNN_SRC, TDNN_DST, TDNN_DIFF_SRC, TDNN_DIFF_DST}) {
    if (plan->layouts[operand]) plan->layouts[operand] = layout;
  }
  for (int operand = 0; operand < TDNN_OPERAND_COUNT; ++operand) {
    if (const tdnn_layout *own = plan->layouts[operand]) {
      plan->plain_layouts[operand] = contiguous(own->info.dtype, dims_of(own));
    }
  }
  return plan.release();
}

int64_t bits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

}  // namespace
}  // namespace tdnn

using namespace tdnn;

tdnn_status tdnn_batch_norm_plan(const tdnn_batch_norm_problem *problem, tdnn_plan **plan) {
  return guarded([&] {
    const tdnn_batch_norm_problem &p = *problem;
    bool given = p.use_global_stats || p.pass == TDNN_FORWARD_INFERENCE;
    PlanKey key(PlanKey::kBatchNorm);
    key.add(p.pass).add(p.layout).add(p.has_scale).add(p.has_shift).add(given).add(bits(p.epsilon));
    *plan = cached_plan(key, [&] {
      return make<dnnl::batch_normalization_forward, dnnl::batch_normalization_backward>(
          p.pass, p.layout, view(p.layout), p.has_scale, p.has_shift, given, p.epsilon);
    });
    return TDNN_OK;
  });
}
