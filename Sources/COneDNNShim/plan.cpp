// Plans: execution, the cache, scratch memory, error messages, what the machine can do.
#include <cstdlib>
#include <list>
#include <unordered_map>

#include "internal.hpp"
#include "threads.hpp"

namespace tdnn {

// ---- errors ----

static std::string &last_message() {
  thread_local std::string message;
  return message;
}

tdnn_status fail(tdnn_status status, std::string message) {
  last_message() = std::move(message);
  return status;
}

// ---- engine ----

const dnnl::engine &engine() {
  static auto *engine = new dnnl::engine(dnnl::engine::kind::cpu, 0);  // never destroyed: plans may outlive main
  return *engine;
}

// ---- scratch ----

namespace {
struct Scratch {
  void *pointer = nullptr;
  size_t bytes = 0;
  ~Scratch() { std::free(pointer); }
};
thread_local Scratch scratch;
}  // namespace

void *thread_scratch(size_t bytes) {
  if (bytes > scratch.bytes) {
    std::free(scratch.pointer);
    scratch.bytes = 0;
    size_t rounded = (bytes + 4095) / 4096 * 4096;
    scratch.pointer = std::aligned_alloc(4096, rounded);
    if (!scratch.pointer) throw std::bad_alloc();
    scratch.bytes = rounded;
  }
  return scratch.pointer;
}

// ---- execution ----

void *operand(const tdnn_arguments &a, int operand) {
  switch (operand) {
    case TDNN_SRC: return const_cast<void *>(a.src);
    case TDNN_WEIGHTS: return const_cast<void *>(a.weights);
    case TDNN_BIAS: return const_cast<void *>(a.bias);
    case TDNN_DST: return a.dst;
    case TDNN_WORKSPACE: return a.workspace;
    case TDNN_MEAN: return a.mean;
    case TDNN_VARIANCE: return a.variance;
    case TDNN_SCALE: return const_cast<void *>(a.scale);
    case TDNN_SHIFT: return const_cast<void *>(a.shift);
    case TDNN_DIFF_SRC: return a.diff_src;
    case TDNN_DIFF_WEIGHTS: return a.diff_weights;
    case TDNN_DIFF_BIAS: return a.diff_bias;
    case TDNN_DIFF_DST: return const_cast<void *>(a.diff_dst);
    case TDNN_DIFF_SCALE: return a.diff_scale;
    case TDNN_DIFF_SHIFT: return a.diff_shift;
    default: return nullptr;
  }
}

PrimitivePlan::PrimitivePlan(
    const dnnl::primitive_desc_base &desc, dnnl::primitive primitive, const std::vector<Binding> &bindings)
    : primitive_(std::move(primitive)), bindings_(bindings), scratch_desc_(desc.scratchpad_desc()) {
  implementation = desc.impl_info_str();
  scratch_bytes = scratch_desc_.get_size();
  for (const Binding &binding : bindings_) {
    descs_.push_back(desc.query_md(dnnl::query::exec_arg_md, binding.argument));
    layouts[binding.operand] = intern(descs_.back());
  }
}

std::unique_ptr<PrimitivePlan::Frame> PrimitivePlan::make_frame() const {
  auto frame = std::make_unique<Frame>();
  frame->stream = dnnl::stream(engine());
  for (size_t i = 0; i < bindings_.size(); ++i) {
    frame->memories.push_back(dnnl::memory(descs_[i], engine(), DNNL_MEMORY_NONE));
    frame->arguments.push_back({bindings_[i].argument, frame->memories.back().get()});
  }
  if (scratch_bytes) {
    frame->memories.push_back(dnnl::memory(scratch_desc_, engine(), DNNL_MEMORY_NONE));
    frame->arguments.push_back({DNNL_ARG_SCRATCHPAD, frame->memories.back().get()});
  }
  return frame;
}

tdnn_status PrimitivePlan::execute(const tdnn_arguments &arguments) const {
  for (const Binding &binding : bindings_) {
    if (!operand(arguments, binding.operand)) return fail(TDNN_INVALID, "an operand of the plan is missing");
  }
  std::unique_ptr<Frame> frame;
  {
    std::lock_guard lock(mutex_);
    if (!frames_.empty()) {
      frame = std::move(frames_.back());
      frames_.pop_back();
    }
  }
  if (!frame) frame = make_frame();
  for (size_t i = 0; i < bindings_.size(); ++i) {
    frame->memories[i].set_data_handle(operand(arguments, bindings_[i].operand));
  }
  if (scratch_bytes) {
    frame->memories.back().set_data_handle(arguments.scratch ? arguments.scratch : thread_scratch(scratch_bytes));
  }
  dnnl_status_t status = dnnl_primitive_execute(
      primitive_.get(), frame->stream.get(), static_cast<int>(frame->arguments.size()), frame->arguments.data());
  {
    std::lock_guard lock(mutex_);
    frames_.push_back(std::move(frame));
  }
  return status == dnnl_success ? TDNN_OK : fail(TDNN_FAILED, "oneDNN could not execute " + implementation);
}

// ---- cache ----

PlanKey::PlanKey(Family family) { add(family).add(available_threads()); }

size_t PlanKey::hash() const {
  uint64_t hash = 0;
  for (int i = 0; i < count_; ++i) {
    hash = (hash ^ static_cast<uint64_t>(words_[i])) * 0x9E3779B97F4A7C15u;
    hash ^= hash >> 29;
  }
  return hash;
}

namespace {
struct KeyHash {
  size_t operator()(const PlanKey &key) const { return key.hash(); }
};

struct PlanCache {
  using Entries = std::list<std::pair<PlanKey, tdnn_plan *>>;  // most recently used first
  std::mutex mutex;
  Entries entries;
  std::unordered_map<PlanKey, Entries::iterator, KeyHash> index;
  size_t capacity = 1024;

  void trim() {
    while (entries.size() > capacity) {
      tdnn_plan_release(entries.back().second);
      index.erase(entries.back().first);
      entries.pop_back();
    }
  }
};

PlanCache &cache() {
  static auto *cache = new PlanCache;  // never destroyed: threads may still run when static destructors do
  return *cache;
}
}  // namespace

tdnn_plan *find_plan(const PlanKey &key) {
  PlanCache &plans = cache();
  std::lock_guard lock(plans.mutex);
  auto found = plans.index.find(key);
  if (found == plans.index.end()) return nullptr;
  plans.entries.splice(plans.entries.begin(), plans.entries, found->second);
  return tdnn_plan_retain(found->second->second);
}

tdnn_plan *insert_plan(const PlanKey &key, PlanHandle plan) {
  PlanCache &plans = cache();
  std::lock_guard lock(plans.mutex);
  if (auto found = plans.index.find(key); found != plans.index.end()) {
    return tdnn_plan_retain(found->second->second);
  }
  plans.entries.emplace_front(key, tdnn_plan_retain(plan.get()));
  plans.index.emplace(key, plans.entries.begin());
  plans.trim();
  return plan.release();
}

}  // namespace tdnn

using namespace tdnn;

tdnn_plan::tdnn_plan() : threads(available_threads()) {}

const char *tdnn_error_message(void) { return last_message().c_str(); }

tdnn_plan *tdnn_plan_retain(tdnn_plan *plan) {
  plan->references.fetch_add(1, std::memory_order_relaxed);
  return plan;
}

void tdnn_plan_release(tdnn_plan *plan) {
  if (plan && plan->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete plan;
}

const tdnn_layout *tdnn_plan_layout(const tdnn_plan *plan, tdnn_operand operand) { return plan->layouts[operand]; }

const tdnn_layout *tdnn_plan_plain_layout(const tdnn_plan *plan, tdnn_operand operand) {
  return plan->plain_layouts[operand];
}

size_t tdnn_plan_scratch_bytes(const tdnn_plan *plan) { return plan->scratch_bytes; }
const char *tdnn_plan_implementation(const tdnn_plan *plan) { return plan->implementation.c_str(); }

tdnn_status tdnn_execute(const tdnn_plan *plan, const tdnn_arguments *arguments) {
  return guarded([&] {
    require(plan->threads == available_threads(), "the plan was made for another number of threads");
    return plan->execute(*arguments);
  });
}

void tdnn_release_scratch(void) {
  std::free(scratch.pointer);
  scratch.pointer = nullptr;
  scratch.bytes = 0;
}

void tdnn_set_cache_capacity(int32_t plans) {
  PlanCache &all = cache();
  std::lock_guard lock(all.mutex);
  all.capacity = plans < 1 ? 1 : static_cast<size_t>(plans);
  all.trim();
}

tdnn_capabilities tdnn_get_capabilities(void) {
  const dnnl_version_t *version = dnnl_version();
  // The values of `dnnl_cpu_isa_t` are sets of bits: one instruction set contains another.
  auto has = [](dnnl_cpu_isa_t isa) {
    auto wanted = static_cast<unsigned>(isa);
    return (static_cast<unsigned>(dnnl_get_effective_cpu_isa()) & wanted) == wanted;
  };
  tdnn_capabilities result{};
  result.version_major = version->major;
  result.version_minor = version->minor;
  result.avx512 = has(dnnl_cpu_isa_avx512_core);
  result.winograd = version->major < 3 && result.avx512;
  result.bfloat16 = result.avx512;
  result.bfloat16_is_fast = has(dnnl_cpu_isa_avx512_core_bf16);
  return result;
}
