// Matrix products, also of batches, by oneDNN's kernels for blocks of matrices (brgemm).
//
// A kernel is made for a shape, in a quarter to a whole millisecond, and kept. Where oneDNN would take its general product
// instead (older processors: 20 to 60 ms to make its kernels, and with AVX2 as fast as OpenBLAS), there is no plan.
#include "internal.hpp"
#include "threads.hpp"

namespace tdnn {
namespace {

// Stands in the cache for what has no plan.
struct NoPlan : tdnn_plan {
  tdnn_status execute(const tdnn_arguments &) const override {
    return fail(TDNN_UNSUPPORTED, "oneDNN has no kernel for this product");
  }
};

Desc matrix(dnnl::memory::data_type type, int64_t batch, int64_t rows, int64_t columns, const tdnn_matrix &m) {
  const Dims strides{m.step, m.transposed ? 1 : m.leading, m.transposed ? m.leading : 1};
  // The same matrix for the whole batch is a batch of one.
  if (m.step == 0) return Desc({1, rows, columns}, type, {rows * columns, strides[1], strides[2]});
  return Desc({batch, rows, columns}, type, strides);
}

tdnn_plan *make_plan(const tdnn_matmul_problem &p) {
  ThreadCountScope threads;
  const auto type = onednn_type(p.dtype);
  Attributes attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (p.accumulate) {
    dnnl::post_ops sum;
    sum.append_sum(1.0f);
    attributes.set_post_ops(sum);
  }
  try {
    const Desc a = matrix(type, p.batch, p.rows, p.inner, p.a), b = matrix(type, p.batch, p.inner, p.columns, p.b);
    const Desc c({p.batch, p.rows, p.columns}, type, {p.rows * p.columns, p.columns, 1});
    const Desc bias({1, 1, p.columns}, type, {p.columns, p.columns, 1});
    const auto desc = p.has_bias ? describe<dnnl::matmul>(attributes, a, b, bias, c)
                                 : describe<dnnl::matmul>(attributes, a, b, c);
    if (std::strncmp(desc.impl_info_str(), "brg:", 4) != 0) return new NoPlan;
    std::vector<PrimitivePlan::Binding> bindings{
        {TDNN_SRC, DNNL_ARG_SRC}, {TDNN_WEIGHTS, DNNL_ARG_WEIGHTS}, {TDNN_DST, DNNL_ARG_DST}};
    if (p.has_bias) bindings.push_back({TDNN_BIAS, DNNL_ARG_BIAS});
    return new PrimitivePlan(desc, dnnl::matmul(desc), bindings);
  } catch (const dnnl::error &error) {
    if (error.status == dnnl_unimplemented) return new NoPlan;
    throw;
  }
}

}  // namespace
}  // namespace tdnn

using namespace tdnn;

tdnn_status tdnn_matmul(
    const tdnn_matmul_problem *problem, const void *a, const void *b, const void *bias, void *c) {
  const tdnn_matmul_problem &p = *problem;
  return guarded([&] {
    PlanKey key(PlanKey::kMatmul);
    key.add(p.dtype).add(p.accumulate).add(p.has_bias).add(p.batch).add(p.rows).add(p.columns).add(p.inner);
    for (const tdnn_matrix *m : {&p.a, &p.b}) key.add(m->transposed).add(m->leading).add(m->step);
    const PlanHandle plan(cached_plan(key, [&] { return make_plan(p); }));
    tdnn_arguments arguments{};
    arguments.src = a;
    arguments.weights = b;
    arguments.bias = bias;
    arguments.dst = c;
    return plan->execute(arguments);
  });
}
