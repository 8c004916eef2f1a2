// Names of the reductions, and the driver: it orders and joins dimensions, finds the one that is contiguous, and cuts
// the work into matrices that a kernel accumulates column by column.
//
// A contiguous kept dimension gives the columns. A contiguous reduced one is folded: n elements are a matrix of n / f
// rows and f columns, whose columns are merged at the end. Neither: elements are packed first.
#include "tk_reduce_kernel.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

using namespace tk;

struct tk_reduction {
  const ReduceKernel *kernel;
  Finish finish;
  size_t in_size;
  tk_dtype in, out;
  bool is_norm;
};

namespace {

const ReduceKernel *norm_kernel(double p, tk_dtype in, Finish *finish) {
  *finish = Finish::value;
  if (p == 0) return find_sum(SumOf::nonzero, in);
  if (p == 1) return find_sum(SumOf::magnitude, in);
  if (p == INFINITY) return find_extremum(Extremum::max_magnitude, in);
  if (p == -INFINITY) return find_extremum(Extremum::min_magnitude, in);
  *finish = p == 2 ? Finish::root : Finish::power;
  return find_sum(p == 2 ? SumOf::square : SumOf::power, in);
}

bool resolve(const std::string &name, tk_reduction *r) {
  const auto set = [&](const ReduceKernel *k, Finish finish = Finish::value) {
    r->kernel = k;
    r->finish = finish;
  };
  const tk_dtype in = r->in;
  if (name == "sum") set(find_sum(SumOf::value, in));
  else if (name == "nansum") set(find_sum(SumOf::finite_value, in));
  else if (name == "mean") set(find_sum(SumOf::value, in), Finish::mean);
  else if (name == "count_nonzero") set(find_sum(SumOf::nonzero, in));
  else if (name == "sum_of_squares") set(find_sum(SumOf::square, in));
  else if (name == "prod") set(find_product(in));
  else if (name == "max") set(find_extremum(Extremum::max, in));
  else if (name == "min") set(find_extremum(Extremum::min, in));
  else if (name == "max_with_index") set(find_extremum(Extremum::max_index, in));
  else if (name == "min_with_index") set(find_extremum(Extremum::min_index, in));
  else if (name == "argmax") set(find_extremum(Extremum::max_index, in), Finish::index);
  else if (name == "argmin") set(find_extremum(Extremum::min_index, in), Finish::index);
  else if (name == "aminmax") set(find_extremum(Extremum::min_max, in));
  else if (name == "all") set(find_extremum(Extremum::all, in));
  else if (name == "any") set(find_extremum(Extremum::any, in));
  else if (name == "var" || name == "var_mean") set(find_variance(in), Finish::variance);
  else if (name == "std" || name == "std_mean") set(find_variance(in), Finish::deviation);
  else if (name == "logsumexp") set(find_logsumexp(in));
  else if (name == "norm") {
    r->is_norm = true;
    set(norm_kernel(2, in, &r->finish), r->finish);
  }
  return r->kernel != nullptr;
}

struct Dim {
  int64_t size, in_stride;
  int64_t stride, stride2;  // of the outputs (kept), of the index (reduced)
};

// Joins neighbours that are one dimension, and drops those of size 1.
void coalesce(std::vector<Dim> *dims) {
  std::vector<Dim> joined;
  for (const Dim &d : *dims) {
    if (d.size == 1) continue;
    if (!joined.empty()) {
      Dim &last = joined.back();
      if (last.in_stride == d.size * d.in_stride && last.stride == d.size * d.stride &&
          last.stride2 == d.size * d.stride2) {
        last = {last.size * d.size, d.in_stride, d.stride, d.stride2};
        continue;
      }
    }
    joined.push_back(d);
  }
  *dims = std::move(joined);
}

int64_t volume(const std::vector<Dim> &dims) {
  int64_t n = 1;
  for (const Dim &d : dims) n *= d.size;
  return n;
}

// Largest stride first; an insertion sort, for a handful of dimensions.
void sort_by_stride(std::vector<Dim> *dims) {
  for (size_t i = 1; i < dims->size(); i++) {
    for (size_t j = i; j > 0 && std::abs((*dims)[j].in_stride) > std::abs((*dims)[j - 1].in_stride); j--) {
      std::swap((*dims)[j], (*dims)[j - 1]);
    }
  }
}

class Reduction {
 public:
  Reduction(const ReduceKernel *kernel, const ReduceCall &call, size_t in_size, std::vector<Dim> keep,
            std::vector<Dim> reduce)
      : k(*kernel), call(call), element(static_cast<int64_t>(in_size)), keep(std::move(keep)), reduce(std::move(reduce)) {
    if (!k.uses_index) {  // the order of summation is free, the index is not needed
      for (Dim &d : this->reduce) d.stride2 = 0;
      sort_by_stride(&this->reduce);
    }
    sort_by_stride(&this->keep);
    coalesce(&this->keep);
    coalesce(&this->reduce);
    count = volume(this->reduce);
    if (this->reduce.empty()) this->reduce.push_back({1, element, 0, 0});
    inner = this->reduce.back();
    this->reduce.pop_back();
    const bool rows_contiguous = inner.in_stride == element;
    const bool short_rows = rows_contiguous && this->reduce.empty() && inner.size <= 64;
    if (!this->keep.empty() && (!rows_contiguous || (short_rows && this->keep.back().size >= 8))) {
      column = this->keep.back();
      this->keep.pop_back();
    }
    packed = column.size > 1 ? column.in_stride != element : !rows_contiguous && inner.size > 1;
  }

  void run(const char *in, char *out, char *out2) {
    // A narrower column block gives every thread some.
    const int64_t width = std::min<int64_t>(packed ? 64 : kColumns, column.size);
    const int64_t blocks_per_row = (column.size + width - 1) / width, blocks = volume(keep) * blocks_per_row;
    const int64_t work = std::max<int64_t>(1, count) * width;
    if (count == 0) {
      auto state = new_states(1);
      for (int64_t b = 0; b < blocks; b++) finish_block(b, blocks_per_row, width, out, out2, state.get(), true);
      return;
    }
    const int threads = tk_num_threads();
    if (blocks < threads && work > 2 * kGrain) {
      for (int64_t b = 0; b < blocks; b++) run_split(b, blocks_per_row, width, in, out, out2, threads);
      return;
    }
    parallel_for(blocks, std::max<int64_t>(1, kGrain / work), [&](int64_t begin, int64_t end) {
      auto states = new_states(2);
      for (int64_t b = begin; b < end; b++) {
        const char *p = in + offset(b / blocks_per_row, &Dim::in_stride) + b % blocks_per_row * width * column.in_stride;
        accumulate(states.get(), p, columns_of(b, blocks_per_row, width), 0, outer_size());
        finish_block(b, blocks_per_row, width, out, out2, states.get(), false);
      }
    });
  }

 private:
  static constexpr int64_t kGrain = 32768;
  static constexpr int64_t kPack = 4096;

  struct Free {
    void operator()(char *p) const { ::operator delete[](p, std::align_val_t(64)); }
  };
  using States = std::unique_ptr<char, Free>;
  States new_states(int n) const {
    return States(static_cast<char *>(::operator new[](k.state_bytes * static_cast<size_t>(n), std::align_val_t(64))));
  }

  // Slices of the outermost reduced dimension are what threads share.
  int64_t outer_size() const { return reduce.empty() ? inner.size : reduce.front().size; }
  int64_t columns_of(int64_t b, int64_t per_row, int64_t width) const {
    return std::min(width, column.size - b % per_row * width);
  }

  int64_t offset(int64_t outer, int64_t Dim::*stride) const {
    int64_t sum = 0;
    for (size_t i = keep.size(); i-- > 0; outer /= keep[i].size) sum += outer % keep[i].size * (keep[i].*stride);
    return sum;
  }

  void finish_block(int64_t b, int64_t per_row, int64_t width, char *out, char *out2, char *state, bool empty) const {
    const int64_t row = b / per_row, first = b % per_row * width;
    const int columns = static_cast<int>(columns_of(b, per_row, width));
    if (empty) k.init(state, columns);
    const ReduceOutput output = {
        out + offset(row, &Dim::stride) + first * column.stride,
        out2 ? out2 + offset(row, &Dim::stride2) + first * column.stride2 : nullptr, column.stride, column.stride2};
    k.finish(state, columns, count, call, output);
  }

  void run_split(int64_t b, int64_t per_row, int64_t width, const char *in, char *out, char *out2, int threads) const {
    const int64_t n = outer_size();
    const int parts = static_cast<int>(std::min<int64_t>(threads, n));
    const int columns = static_cast<int>(columns_of(b, per_row, width));
    const char *p = in + offset(b / per_row, &Dim::in_stride) + b % per_row * width * column.in_stride;
    auto states = new_states(2 * parts);
    parallel_for(parts, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        accumulate(states.get() + 2 * i * static_cast<int64_t>(k.state_bytes), p, columns, n * i / parts,
                   n * (i + 1) / parts);
      }
    });
    const int64_t each = count / n;
    for (int i = 1; i < parts; i++) {
      k.merge(states.get(), 0, states.get() + 2 * i * static_cast<int64_t>(k.state_bytes), 0, columns,
              each * (n * i / parts), each * (n * (i + 1) / parts - n * i / parts));
    }
    finish_block(b, per_row, width, out, out2, states.get(), false);
  }

  // The first state takes slices [begin, end) of the outermost reduced dimension; the second is scratch.
  void accumulate(char *state, const char *in, int64_t columns, int64_t begin, int64_t end) const {
    k.init(state, static_cast<int>(columns));
    int64_t seen = 0;
    if (reduce.empty()) {
      rows(state, &seen, in + begin * inner.in_stride, end - begin, columns, begin * inner.stride2);
      return;
    }
    int64_t slices = end - begin;
    for (size_t i = 1; i < reduce.size(); i++) slices *= reduce[i].size;
    for (int64_t s = 0; s < slices; s++) {
      int64_t rest = s, at = 0, index = 0;
      for (size_t i = reduce.size(); i-- > 1; rest /= reduce[i].size) {
        at += rest % reduce[i].size * reduce[i].in_stride;
        index += rest % reduce[i].size * reduce[i].stride2;
      }
      rest += begin;
      rows(state, &seen, in + at + rest * reduce[0].in_stride, inner.size, columns, index + rest * reduce[0].stride2);
    }
  }

  // n elements of the innermost reduced dimension, for each column.
  void rows(char *state, int64_t *seen, const char *in, int64_t n, int64_t columns, int64_t base) const {
    if (!packed) {
      matrix(state, seen, in, n, inner.in_stride, static_cast<int>(columns), base);
      return;
    }
    alignas(64) char buffer[kPack * 16];
    const int64_t most = kPack / columns;
    for (int64_t i = 0; i < n; i += most) {
      const int64_t m = std::min(most, n - i);
      const char *p = in + i * inner.in_stride;
      switch (element) {
        case 1: pack<uint8_t>(buffer, p, m, columns); break;
        case 2: pack<uint16_t>(buffer, p, m, columns); break;
        case 4: pack<uint32_t>(buffer, p, m, columns); break;
        case 8: pack<uint64_t>(buffer, p, m, columns); break;
        default: pack<Complex128>(buffer, p, m, columns);
      }
      matrix(state, seen, buffer, m, columns * element, static_cast<int>(columns), base + i * inner.stride2);
    }
  }

  template <class U> void pack(char *to, const char *from, int64_t n, int64_t columns) const {
    U *out = reinterpret_cast<U *>(to);
    if (n < columns) {
      for (int64_t i = 0; i < n; i++) {
        const char *p = from + i * inner.in_stride;
        for (int64_t j = 0; j < columns; j++) out[i * columns + j] = *reinterpret_cast<const U *>(p + j * column.in_stride);
      }
      return;
    }
    for (int64_t j = 0; j < columns; j++) {
      const char *p = from + j * column.in_stride;
      for (int64_t i = 0; i < n; i++) out[i * columns + j] = *reinterpret_cast<const U *>(p + i * inner.in_stride);
    }
  }

  void matrix(char *state, int64_t *seen, const char *in, int64_t n, int64_t stride, int columns, int64_t base) const {
    static const int64_t zeros[kColumns] = {};
    char *scratch = state + k.state_bytes;
    const int64_t step = inner.stride2;
    int64_t r = 0;
    if (stride == columns * element && columns <= 64) {
      int fold = 1;
      while (columns * fold < 128 && n >= 8 * fold) fold *= 2;
      int64_t lane[kColumns];
      if (fold > 1 && k.uses_index) {
        for (int j = 0; j < columns * fold; j++) lane[j] = j / columns * step;
      }
      while (fold > 1 && n - r >= fold) {
        const int64_t m = std::min<int64_t>((n - r) / fold, 256);
        const int64_t *lanes = k.uses_index ? lane : zeros;
        k.init(scratch, columns * fold);
        k.accumulate(scratch, in + r * stride, m, fold * stride, columns * fold, 0, base + r * step, fold * step, lanes,
                     call.parameter);
        int64_t taken = m * fold;
        if (!k.uses_count && n - r - taken < fold) {  // the rest, into some of the columns
          const int rest = static_cast<int>(n - r - taken);
          k.accumulate(scratch, in + (r + taken) * stride, 1, 0, columns * rest, 0, base + (r + taken) * step, 0, lanes,
                       call.parameter);
          taken += rest;
        }
        for (int width = fold / 2, c = 1; width > 0; width /= 2, c *= 2) {
          k.merge(scratch, 0, scratch, width * columns, width * columns, c * m, c * m);
        }
        k.merge(state, 0, scratch, 0, columns, *seen, taken);
        *seen += taken;
        r += taken;
        while (fold > 1 && n - r < fold) fold /= 2;
      }
    }
    while (r < n) {
      const int64_t m = std::min<int64_t>(n - r, 512);
      if (m < 512 && n < 1024) {
        k.accumulate(state, in + r * stride, m, stride, columns, *seen, base + r * step, step, zeros, call.parameter);
      } else {  // partial sums keep rounding errors of long columns small
        k.init(scratch, columns);
        k.accumulate(scratch, in + r * stride, m, stride, columns, 0, base + r * step, step, zeros, call.parameter);
        k.merge(state, 0, scratch, 0, columns, *seen, m);
      }
      *seen += m;
      r += m;
    }
  }

  const ReduceKernel &k;
  ReduceCall call;
  int64_t element;
  std::vector<Dim> keep, reduce;
  Dim inner{}, column{1, 0, 0, 0};
  int64_t count = 0;
  bool packed = false;
};

}  // namespace

const tk_reduction *tk_find_reduction(const char *name, tk_dtype in, tk_dtype out) {
  // Resolved reductions live as long as the process; there are some hundreds at most.
  static std::mutex mutex;
  static std::map<std::pair<std::string, int>, tk_reduction> known;
  const std::lock_guard<std::mutex> lock(mutex);
  const auto key = std::make_pair(std::string(name), in * 256 + out);
  const auto found = known.find(key);
  if (found != known.end()) return &found->second;
  tk_reduction r = {nullptr, Finish::value, element_size(in), in, out, false};
  if (element_size(out) == 0 || !resolve(name, &r)) return nullptr;
  return &known.emplace(key, r).first->second;
}

void tk_run_reduction(const tk_reduction *r,
                      int nkeep, const int64_t *keep_sizes, const int64_t *keep_in_strides,
                      const int64_t *keep_out_strides, const int64_t *keep_out2_strides,
                      int nreduce, const int64_t *reduce_sizes, const int64_t *reduce_in_strides,
                      const void *in, void *out, void *out2, const tk_scalar *params) {
  const ReduceKernel *kernel = r->kernel;
  ReduceCall call = {r->finish, r->out, params ? params[0].re : 0};
  if (r->is_norm) kernel = norm_kernel(call.parameter, r->in, &call.finish);
  std::vector<Dim> keep, reduce(static_cast<size_t>(nreduce));
  for (int i = 0; i < nkeep; i++) {
    if (keep_sizes[i] == 0) return;
    keep.push_back({keep_sizes[i], keep_in_strides[i], keep_out_strides[i], out2 ? keep_out2_strides[i] : 0});
  }
  int64_t index_stride = 1;
  for (int i = nreduce; i-- > 0;) {
    reduce[static_cast<size_t>(i)] = {reduce_sizes[i], reduce_in_strides[i], 0, index_stride};
    index_stride *= reduce_sizes[i];
  }
  Reduction(kernel, call, r->in_size, std::move(keep), std::move(reduce))
      .run(static_cast<const char *>(in), static_cast<char *>(out), static_cast<char *>(out2));
}
