// Finds loops by name: see registry.h.
#include "registry.h"

#include <hwy/targets.h>

#include <mutex>
#include <string>
#include <unordered_map>

namespace tk {

// One line a family file (not an operation): what makes the linker keep it.
#define TK_FAMILIES(X)                                                                                        \
  X(activation) X(activation_backward) X(arithmetic) X(bessel) X(bits) X(cast) X(compare) X(complex) X(division)      \
  X(exponential) X(gamma) X(integer) X(pathwise) X(polynomial) X(probability) X(transpose) X(trigonometry)
#define TK_DECLARE(NAME) extern int family_##NAME;
TK_FAMILIES(TK_DECLARE)
#define TK_ADDRESS(NAME) &family_##NAME,
__attribute__((used)) static int *const families[] = {TK_FAMILIES(TK_ADDRESS)};

namespace {

Registration *&registrations() {
  static Registration *first = nullptr;
  return first;
}

struct Entry {
  tk_loop loops[dtype_count] = {};
  int64_t targets[dtype_count] = {};
};

struct Registry {
  std::unordered_map<std::string, Entry> entries;
  std::unordered_map<tk_loop, Transposed> transposed;
  std::unordered_map<tk_loop, int> costs;  // of loops dearer than an addition

  Registry() {
    for (Registration *r = registrations(); r; r = r->next) {
      if (!target_supported(r->target)) continue;
      Entry &entry = entries[r->name];
      for (int d = 0; d < dtype_count; d++) {
        if (!r->loops[d]) continue;
        // Highway's lower bits are the better targets; 0, compiled once, has no rival.
        if (entry.loops[d] && entry.targets[d] <= r->target) continue;
        entry.loops[d] = r->loops[d];
        entry.targets[d] = r->target;
        if (r->cost != 1) costs[r->loops[d]] = r->cost;
      }
    }
    static const struct { int dtype; const char *copy; } sizes[] = {
        {TK_UINT8, "to_0"}, {TK_INT16, "to_2"}, {TK_INT32, "to_3"}, {TK_INT64, "to_4"}};
    for (int k = 0; k < 4; k++)  // one copy loop an element size: 1, 2, 4, 8 bytes
      transposed[entries[sizes[k].copy].loops[sizes[k].dtype]] = {entries["transpose"].loops[sizes[k].dtype], 1 << k};
  }
};

const Registry &registry() {
  static const Registry instance;
  return instance;
}

}  // namespace

Registration::Registration(const char *name, int64_t target, int cost, const tk_loop *loops)
    : name(name), target(target), cost(cost), loops(loops), next(registrations()) {
  registrations() = this;
}

bool target_supported(int64_t target) {
  // The baseline is the highest bit there is, and what the whole program was compiled for.
  const int64_t baseline = HWY_STATIC_TARGET;
  return target == 0 || target == baseline || (target & hwy::SupportedTargets()) != 0;
}

int loop_cost(tk_loop loop) {
  const auto &costs = registry().costs;
  const auto found = costs.find(loop);
  return found == costs.end() ? 1 : found->second;
}

Transposed transposed_form(tk_loop loop) {
  const auto &forms = registry().transposed;
  const auto found = forms.find(loop);
  return found == forms.end() ? Transposed{nullptr, 0} : found->second;
}

}  // namespace tk

extern "C" tk_loop tk_find_map(const char *name, tk_dtype input) {
  if (unsigned(input) >= unsigned(tk::dtype_count)) return nullptr;
  const auto &entries = tk::registry().entries;
  const auto found = entries.find(name);
  return found == entries.end() ? nullptr : found->second.loops[input];
}
