// What the files of the shim share: errors, layouts, plans and their cache.
#pragma once
#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <vector>

#include "compat.hpp"

struct tdnn_layout {
  tdnn::Desc desc;
  tdnn_layout_info info;
};

struct tdnn_plan {
  tdnn_plan();
  virtual ~tdnn_plan() = default;
  virtual tdnn_status execute(const tdnn_arguments &arguments) const = 0;

  mutable std::atomic<long> references{1};
  const int threads;
  size_t scratch_bytes = 0;
  std::string implementation;
  std::array<const tdnn_layout *, TDNN_OPERAND_COUNT> layouts{}, plain_layouts{};
};

namespace tdnn {

// ---- errors ----

struct Error {
  tdnn_status status;
  std::string message;
};

tdnn_status fail(tdnn_status status, std::string message);

// Runs `body`, which returns a status, and turns what it throws into one.
template <class Body>
tdnn_status guarded(const Body &body) noexcept {
  try {
    return body();
  } catch (const Error &error) {
    return fail(error.status, error.message);
  } catch (const dnnl::error &error) {
    tdnn_status status = error.status == dnnl_unimplemented ? TDNN_UNSUPPORTED
        : error.status == dnnl_out_of_memory                ? TDNN_OUT_OF_MEMORY
        : error.status == dnnl_invalid_arguments            ? TDNN_INVALID
                                                            : TDNN_FAILED;
    std::string why = status == TDNN_UNSUPPORTED ? "oneDNN has no kernel for this: " : "oneDNN: ";
    return fail(status, why + error.what());
  } catch (const std::bad_alloc &) {
    return fail(TDNN_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception &error) {
    return fail(TDNN_FAILED, error.what());
  } catch (...) {
    return fail(TDNN_FAILED, "unknown failure");
  }
}

inline void require(bool condition, const char *message) {
  if (!condition) throw Error{TDNN_INVALID, message};
}

// ---- layouts ----

dnnl::memory::data_type onednn_type(tdnn_dtype dtype);
const tdnn_layout *intern(const Desc &desc);
const tdnn_layout *contiguous(tdnn_dtype dtype, const Dims &dims);
const tdnn_layout *strided(tdnn_dtype dtype, const Dims &dims, const Dims &strides);
const tdnn_layout *channel_blocked(tdnn_dtype dtype, const Dims &dims, int block);
inline Dims dims_of(const tdnn_layout *layout) {
  return Dims(layout->info.dims, layout->info.dims + layout->info.rank);
}

// ---- arguments ----

void *operand(const tdnn_arguments &arguments, int operand);

// 64-byte aligned memory that the thread keeps from call to call.
void *thread_scratch(size_t bytes);

// ---- plans ----

// A plan that is one oneDNN primitive. Memory objects hold a pointer, so concurrent executions need one set each; sets
// are made on demand and kept.
class PrimitivePlan : public tdnn_plan {
 public:
  // `bound`: which oneDNN argument each operand is.
  struct Binding { tdnn_operand operand; int argument; };
  PrimitivePlan(const dnnl::primitive_desc_base &desc, dnnl::primitive primitive, const std::vector<Binding> &bindings);
  tdnn_status execute(const tdnn_arguments &arguments) const override;

 private:
  struct Frame {
    dnnl::stream stream;
    std::vector<dnnl::memory> memories;
    std::vector<dnnl_exec_arg_t> arguments;
  };
  std::unique_ptr<Frame> make_frame() const;

  dnnl::primitive primitive_;
  std::vector<Binding> bindings_;
  std::vector<Desc> descs_;  // of the bindings, as the primitive sees them; `layouts` may show another view
  Desc scratch_desc_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Frame>> frames_;
};

// Owns one reference.
class PlanHandle {
 public:
  explicit PlanHandle(tdnn_plan *plan) : plan_(plan) {}
  PlanHandle(PlanHandle &&other) noexcept : plan_(std::exchange(other.plan_, nullptr)) {}
  PlanHandle(const PlanHandle &) = delete;
  ~PlanHandle() { tdnn_plan_release(plan_); }
  tdnn_plan *get() const { return plan_; }
  tdnn_plan *operator->() const { return plan_; }
  tdnn_plan *release() { return std::exchange(plan_, nullptr); }

 private:
  tdnn_plan *plan_;
};

// Everything a plan depends on, the number of threads included, as words.
class PlanKey {
 public:
  enum Family { kConvolution, kPooling, kBatchNorm, kLayerNorm, kReorder, kMatmul };
  explicit PlanKey(Family family);
  PlanKey &add(int64_t word) { words_[count_++] = word; return *this; }
  PlanKey &add(const tdnn_layout *layout) { return add(reinterpret_cast<int64_t>(layout)); }
  PlanKey &add(const int64_t *words, int count) { while (count-- > 0) add(*words++); return *this; }
  bool operator==(const PlanKey &other) const {
    return count_ == other.count_ && !std::memcmp(words_.data(), other.words_.data(), count_ * sizeof(int64_t));
  }
  size_t hash() const;

 private:
  std::array<int64_t, 48> words_;
  int count_ = 0;
};

// A new reference to the cached plan, or null; `insert` keeps the first of two plans made at once.
tdnn_plan *find_plan(const PlanKey &key);
tdnn_plan *insert_plan(const PlanKey &key, PlanHandle plan);

template <class Make>
tdnn_plan *cached_plan(const PlanKey &key, const Make &make) {
  if (tdnn_plan *plan = find_plan(key)) return plan;
  return insert_plan(key, PlanHandle(make()));
}

}  // namespace tdnn
