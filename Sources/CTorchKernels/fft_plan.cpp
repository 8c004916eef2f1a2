// Makes and keeps the plans of Fourier transforms (fft_plan.h).
#include "fft_plan.h"

#include <cmath>
#include <list>
#include <mutex>
#include <unordered_map>

namespace tk {
namespace {

constexpr double pi = 3.14159265358979323846;

// exp(-2πi k / n), accurate for every k: the angle is taken from the nearest quarter turn.
void root(int64_t k, int64_t n, double &re, double &im) {
  k %= n;
  const int64_t quarter = (4 * k + n / 2) / n;  // nearest multiple of n / 4
  const double angle = 2 * pi * (static_cast<double>(4 * k - quarter * n) / (4.0 * n));
  const double c = std::cos(angle), s = std::sin(angle);
  switch (quarter & 3) {
    case 0: re = c, im = -s; break;
    case 1: re = -s, im = -c; break;
    case 2: re = -c, im = s; break;
    default: re = s, im = c; break;
  }
}

template <class T> void append_root(Roots<T> &roots, int64_t k, int64_t n) {
  double re, im;
  root(k, n, re, im);
  roots.re.push_back(static_cast<T>(re));
  roots.im.push_back(static_cast<T>(im));
}

// The factors of n among 4, 2, 3, 5, 7, 11, 13 (empty for n = 1); the rest is what they leave.
std::vector<int> factors(int64_t n, int64_t &rest) {
  std::vector<int> list;
  for (int radix : {4, 2, 3, 5, 7, 11, 13}) {
    for (; n % radix == 0; n /= radix) list.push_back(radix);
  }
  rest = n;
  return list;
}

// The smallest length from `least` on with the factors 2, 3 and 5 only, at most one 3 and one 5.
int64_t good_length(int64_t least) {
  int64_t best = 0;
  for (int64_t odd : {1, 3, 5, 15}) {
    int64_t n = odd;
    while (n < least) n *= 2;
    if (best == 0 || n < best) best = n;
  }
  return best;
}

template <class T> std::shared_ptr<const FFTPlan<T>> make_plan(int64_t n) {
  auto plan = std::make_shared<FFTPlan<T>>();
  plan->n = n;
  for (int64_t k = 0; k <= n; k++) append_root(plan->half_turn, k, 2 * n);
  int64_t rest;
  const std::vector<int> list = factors(n, rest);
  if (rest == 1) {
    int64_t length = n;
    for (int radix : list) {
      typename FFTPlan<T>::Stage stage{radix, length, {}};
      for (int64_t p = 0; p < length / radix; p++) {
        for (int j = 1; j < radix; j++) append_root(stage.twiddles, p * j, length);
      }
      plan->stages.push_back(std::move(stage));
      length /= radix;
    }
    return plan;
  }
  const int64_t m = good_length(2 * n - 1);
  plan->convolution = fft_plan<T>(m);
  // The spectrum is made in double whatever T: it is the one place where errors would add up.
  std::vector<double> re(m), im(m);
  for (int64_t k = 0; k < n; k++) {
    const int64_t square = static_cast<int64_t>(static_cast<__int128>(k) * k % (2 * n));
    append_root(plan->chirp, square, 2 * n);
    double c, s;
    root(square, 2 * n, c, s);
    re[k] = c / m, im[k] = -s / m;
    if (k > 0) re[m - k] = re[k], im[m - k] = im[k];
  }
  std::vector<double> re2(m), im2(m);
  const bool moved = fft_columns(*fft_plan<double>(m), 1, re.data(), im.data(), re2.data(), im2.data());
  const auto &spectrum_re = moved ? re2 : re, &spectrum_im = moved ? im2 : im;
  plan->chirp_spectrum.re.assign(spectrum_re.begin(), spectrum_re.end());
  plan->chirp_spectrum.im.assign(spectrum_im.begin(), spectrum_im.end());
  return plan;
}

// The plans used last; a plan takes about as much memory as a few lines of its length.
constexpr size_t kept_plans = 32;

template <class T> struct Cache {
  std::recursive_mutex mutex;  // a plan may need another one
  std::list<std::shared_ptr<const FFTPlan<T>>> plans;
};

template <class T> Cache<T> &cache() {
  static Cache<T> *shared = new Cache<T>;  // never freed: transforms may run while the process ends
  return *shared;
}

}  // namespace

template <class T> std::shared_ptr<const FFTPlan<T>> fft_plan(int64_t n) {
  Cache<T> &kept = cache<T>();
  std::lock_guard lock(kept.mutex);
  for (auto at = kept.plans.begin(); at != kept.plans.end(); ++at) {
    if ((*at)->n != n) continue;
    kept.plans.splice(kept.plans.begin(), kept.plans, at);
    return kept.plans.front();
  }
  auto plan = make_plan<T>(n);
  kept.plans.push_front(plan);
  if (kept.plans.size() > kept_plans) kept.plans.pop_back();
  return plan;
}

template std::shared_ptr<const FFTPlan<float>> fft_plan(int64_t);
template std::shared_ptr<const FFTPlan<double>> fft_plan(int64_t);

}  // namespace tk
