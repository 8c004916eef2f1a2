// Connectionist temporal classification by the forward-backward algorithm, in logarithms.
//
// States alternate between blanks and labels: blank, label 0, blank, label 1, …, blank. alpha(t, s) is the probability of
// being in state s at time t with all before it emitted, beta(t, s) that of emitting the rest from there.
// Reference: Graves et al., Connectionist Temporal Classification (2006), equations 6 to 16.
#include "tk_ctc.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tk_elements.h"

using namespace tk;

namespace {

template <class T> constexpr T kNever = -std::numeric_limits<T>::infinity();

template <class T> T log_add(T a, T b, T c = kNever<T>) {
  const T greatest = std::max(a, std::max(b, c));
  if (greatest == kNever<T>) return greatest;
  return std::log(std::exp(a - greatest) + std::exp(b - greatest) + std::exp(c - greatest)) + greatest;
}

struct Entry {
  const int64_t *target;
  int64_t length, states, time, blank;
  Entry(const tk_ctc_problem &p, int64_t b)
      : target(p.targets + p.target_offsets[b]), length(p.target_lengths[b]), states(2 * length + 1),
        time(p.input_lengths[b]), blank(p.blank) {}
  int64_t label(int64_t state) const { return state % 2 == 0 ? blank : target[state / 2]; }
  // Whether the blank between two labels may be left out before `state`.
  bool skips(int64_t state) const { return state >= 2 && label(state - 2) != label(state); }
};

template <class T> void forward(const tk_ctc_problem &p, const T *log_probs, T *loss, T *log_alpha) {
  parallel_for(p.batch, 1, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; b++) {
      const Entry e(p, b);
      T *alpha = log_alpha + b * p.time * p.states;
      std::fill(alpha, alpha + p.time * p.states, kNever<T>);
      if (e.time == 0) {
        loss[b] = e.length == 0 ? T(0) : -kNever<T>;
        continue;
      }
      const auto at = [&](int64_t t, int64_t s) { return log_probs[(t * p.batch + b) * p.classes + e.label(s)]; };
      alpha[0] = at(0, 0);
      if (e.length > 0) alpha[1] = at(0, 1);
      for (int64_t t = 1; t < e.time; t++) {
        const T *last = alpha + (t - 1) * p.states;
        for (int64_t s = 0; s < e.states; s++) {
          const T sum = log_add(last[s], s > 0 ? last[s - 1] : kNever<T>, e.skips(s) ? last[s - 2] : kNever<T>);
          alpha[t * p.states + s] = sum == kNever<T> ? sum : sum + at(t, s);
        }
      }
      const T *last = alpha + (e.time - 1) * p.states;
      loss[b] = -log_add(last[e.states - 1], e.length > 0 ? last[e.states - 2] : kNever<T>);
    }
  });
}

template <class T>
void backward(const tk_ctc_problem &p, bool zero_infinity, const T *gradient, const T *log_probs, const T *loss,
              const T *log_alpha, T *by_log_probs) {
  parallel_for(p.batch, 1, [&](int64_t begin, int64_t end) {
    std::vector<T> beta(p.states), next(p.states), sums(p.classes);
    for (int64_t b = begin; b < end; b++) {
      const Entry e(p, b);
      const bool skipped = zero_infinity && loss[b] == -kNever<T>;
      for (int64_t t = skipped ? 0 : e.time; t < p.time; t++) {
        T *row = by_log_probs + (t * p.batch + b) * p.classes;
        std::fill(row, row + p.classes, T(0));
      }
      if (skipped) continue;
      const T *alpha = log_alpha + b * p.time * p.states;
      for (int64_t t = e.time - 1; t >= 0; t--) {
        const T *probs = log_probs + (t * p.batch + b) * p.classes;
        for (int64_t s = 0; s < e.states; s++) {
          T sum;
          if (t == e.time - 1) {
            sum = s >= e.states - 2 ? T(0) : kNever<T>;
          } else {
            const bool skips = s + 2 < e.states && e.skips(s + 2);
            sum = log_add(next[s], s + 1 < e.states ? next[s + 1] : kNever<T>, skips ? next[s + 2] : kNever<T>);
          }
          beta[s] = sum == kNever<T> ? sum : sum + probs[e.label(s)];
        }
        std::fill(sums.begin(), sums.end(), kNever<T>);
        for (int64_t s = 0; s < e.states; s++) {
          T &sum = sums[e.label(s)];
          sum = log_add(sum, alpha[t * p.states + s] + beta[s]);
        }
        T *row = by_log_probs + (t * p.batch + b) * p.classes;
        for (int64_t c = 0; c < p.classes; c++) {
          row[c] = (std::exp(probs[c]) - std::exp(sums[c] + loss[b] - probs[c])) * gradient[b];
        }
        std::swap(beta, next);
      }
    }
  });
}

}  // namespace

bool tk_ctc_loss(const tk_ctc_problem *problem, const void *log_probs, void *loss, void *log_alpha) {
  const auto run = [&](auto tag) {
    using T = typename decltype(tag)::type;
    forward<T>(*problem, static_cast<const T *>(log_probs), static_cast<T *>(loss), static_cast<T *>(log_alpha));
    return true;
  };
  return problem->dtype == TK_FLOAT32 ? run(Tag<float>()) : problem->dtype == TK_FLOAT64 && run(Tag<double>());
}

bool tk_ctc_loss_backward(const tk_ctc_problem *problem, bool zero_infinity, const void *gradient, const void *log_probs,
                          const void *loss, const void *log_alpha, void *by_log_probs) {
  const auto run = [&](auto tag) {
    using T = typename decltype(tag)::type;
    backward<T>(*problem, zero_infinity, static_cast<const T *>(gradient), static_cast<const T *>(log_probs),
                static_cast<const T *>(loss), static_cast<const T *>(log_alpha), static_cast<T *>(by_log_probs));
    return true;
  };
  return problem->dtype == TK_FLOAT32 ? run(Tag<float>()) : problem->dtype == TK_FLOAT64 && run(Tag<double>());
}
