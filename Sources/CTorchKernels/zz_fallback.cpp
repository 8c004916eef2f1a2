#include <cmath>
#include <complex>
#include <cstdlib>
#include <cstring>
#include <atomic>
#include <string>
#include <vector>
#include "CTorchKernels.h"
template <class T> T sc(const tk_scalar& s) { return (T)s.re; }
template <> int64_t sc(const tk_scalar& s) { return s.i; }
typedef std::complex<float> cf; typedef std::complex<double> cd;
template <> cf sc(const tk_scalar& s) { return cf(s.re, s.im); }
template <> cd sc(const tk_scalar& s) { return cd(s.re, s.im); }
template <class O, class A, class F> static void un(int64_t n, char* const* p, const int64_t* s, F f) {
  char *o = p[0], *a = p[1];
  if (s[0] == sizeof(O) && s[1] == sizeof(A)) { O* oo = (O*)o; A* aa = (A*)a; for (int64_t i = 0; i < n; i++) oo[i] = f(aa[i]); return; }
  for (int64_t i = 0; i < n; i++) *(O*)(o + i * s[0]) = f(*(A*)(a + i * s[1]));
}
template <class O, class A, class F> static void bi(int64_t n, char* const* p, const int64_t* s, F f) {
  char *o = p[0], *a = p[1], *b = p[2];
  if (s[0] == sizeof(O) && s[1] == sizeof(A) && s[2] == sizeof(A)) { O* oo = (O*)o; A *aa = (A*)a, *bb = (A*)b; for (int64_t i = 0; i < n; i++) oo[i] = f(aa[i], bb[i]); return; }
  if (s[0] == sizeof(O) && s[1] == sizeof(A) && s[2] == 0) { O* oo = (O*)o; A *aa = (A*)a; A v = *(A*)b; for (int64_t i = 0; i < n; i++) oo[i] = f(aa[i], v); return; }
  for (int64_t i = 0; i < n; i++) *(O*)(o + i * s[0]) = f(*(A*)(a + i * s[1]), *(A*)(b + i * s[2]));
}
template <class T> tk_loop find(const std::string& n) {
#define U(NAME, O, EXPR) if (n == #NAME) return [](int64_t k, char* const* p, const int64_t* s, const tk_scalar* q) { (void)q; un<O, T>(k, p, s, [q](T x) -> O { return EXPR; }); };
#define B(NAME, O, EXPR) if (n == #NAME) return [](int64_t k, char* const* p, const int64_t* s, const tk_scalar* q) { (void)q; bi<O, T>(k, p, s, [q](T x, T y) -> O { return EXPR; }); };
  if constexpr (!std::is_same_v<T, bool>) { B(add, T, x + y) B(sub, T, x - y) B(mul, T, x * y) B(add_scaled, T, x + sc<T>(q[0]) * y) B(sub_scaled, T, x - sc<T>(q[0]) * y) U(neg, T, -x) U(square, T, x * x) }
  else { B(add, T, x || y) B(mul, T, x && y) B(bitwise_and, T, x && y) B(bitwise_or, T, x || y) B(bitwise_xor, T, x != y) U(logical_not, bool, !x) U(bitwise_not, T, !x) }
  B(eq, bool, x == y) B(ne, bool, x != y)
  if constexpr (std::is_arithmetic_v<T>) { B(lt, bool, x < y) B(le, bool, x <= y) B(gt, bool, x > y) B(ge, bool, x >= y) B(maximum, T, x != x ? x : y != y ? y : x > y ? x : y) B(minimum, T, x != x ? x : y != y ? y : x < y ? x : y)
    U(relu, T, x > 0 ? x : (x != x ? x : T(0))) B(threshold_backward, T, y <= sc<T>(q[0]) ? T(0) : x) U(abs, T, x < 0 ? T(-x) : x) U(sign, T, T((x > 0) - (x < 0))) U(sgn, T, T((x > 0) - (x < 0))) U(clamp, T, x != x ? x : x < sc<T>(q[0]) ? sc<T>(q[0]) : x > sc<T>(q[1]) ? sc<T>(q[1]) : x) U(clamp_min, T, x < sc<T>(q[0]) ? sc<T>(q[0]) : x) U(clamp_max, T, x > sc<T>(q[0]) ? sc<T>(q[0]) : x) U(isnan, bool, x != x) B(pow, T, std::pow(x, y)) B(logical_and, bool, x && y) B(logical_or, bool, x || y) U(logical_not, bool, !x) }
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) { B(bitwise_and, T, x & y) B(bitwise_or, T, x | y) B(bitwise_xor, T, x ^ y) U(bitwise_not, T, ~x)
    B(remainder, T, ((x % y) + y) % y) B(div_floor, T, (x >= 0) == (y > 0) ? x / y : -((std::abs((long)x) + std::abs((long)y) - 1) / std::abs((long)y))) }
  if constexpr (std::is_floating_point_v<T>) { B(div, T, x / y) B(remainder, T, x - y * std::floor(x / y)) B(div_floor, T, std::floor(x / y))
#define M(NAME) U(NAME, T, std::NAME(x))
    M(exp) M(exp2) M(expm1) M(log) M(log2) M(log10) M(log1p) M(sqrt) M(sin) M(cos) M(tan) M(asin) M(acos) M(atan) M(sinh) M(cosh) M(tanh) M(floor) M(ceil) M(trunc) M(erf) M(erfc)
    U(round, T, std::nearbyint(x)) U(frac, T, x - std::trunc(x)) U(rsqrt, T, 1 / std::sqrt(x)) U(reciprocal, T, 1 / x) U(sigmoid, T, 1 / (1 + std::exp(-x))) B(tanh_backward, T, x * (1 - y * y)) B(sigmoid_backward, T, x * (1 - y) * y) U(isinf, bool, std::isinf(x)) U(isfinite, bool, std::isfinite(x))
    U(silu, T, x / (1 + std::exp(-x))) U(gelu, T, x * T(0.5) * (1 + std::erf(x * T(0.70710678118654752)))) U(gelu_tanh, T, T(0.5) * x * (1 + std::tanh(T(0.7978845608028654) * (x + T(0.044715) * x * x * x)))) U(leaky_relu, T, x > 0 ? x : x * sc<T>(q[0])) U(elu, T, x > 0 ? x * sc<T>(q[1]) : sc<T>(q[0]) * sc<T>(q[1]) * std::expm1(x * sc<T>(q[2]))) U(softplus, T, x * sc<T>(q[0]) > sc<T>(q[1]) ? x : std::log1p(std::exp(x * sc<T>(q[0]))) / sc<T>(q[0])) }
  return nullptr;
}
template <class T> tk_loop findc(const std::string& n) { B(add, T, x + y) B(sub, T, x - y) B(mul, T, x * y) B(div, T, x / y) U(neg, T, -x) U(conj, T, std::conj(x)) B(eq, bool, x == y) B(ne, bool, x != y) U(exp, T, std::exp(x)) U(log, T, std::log(x)) U(real, typename T::value_type, x.real()) U(abs, typename T::value_type, std::abs(x))
  return nullptr; }
struct half { uint16_t b; }; struct bf { uint16_t b; };
static float h2f(half h) { _Float16 f; memcpy(&f, &h, 2); return (float)f; }
static half f2h(float x) { _Float16 f = (_Float16)x; half h; memcpy(&h, &f, 2); return h; }
static float b2f(bf h) { uint32_t u = uint32_t(h.b) << 16; float f; memcpy(&f, &u, 4); return f; }
static bf f2b(float x) { uint32_t u; memcpy(&u, &x, 4); if (x != x) return bf{0x7fc0}; u += 0x7fff + ((u >> 16) & 1); return bf{uint16_t(u >> 16)}; }
template <class A> auto ld(A a) { if constexpr (std::is_same_v<A, half>) return h2f(a); else if constexpr (std::is_same_v<A, bf>) return b2f(a); else return a; }
template <class O, class A> O cv(A a0) { auto a = ld(a0); using V = decltype(a);
  if constexpr (std::is_same_v<O, half>) { if constexpr (std::is_same_v<V, cf> || std::is_same_v<V, cd>) return f2h((float)a.real()); else return f2h((float)a); }
  else if constexpr (std::is_same_v<O, bf>) { if constexpr (std::is_same_v<V, cf> || std::is_same_v<V, cd>) return f2b((float)a.real()); else return f2b((float)a); }
  else if constexpr (std::is_same_v<V, cf> || std::is_same_v<V, cd>) { if constexpr (std::is_same_v<O, cf> || std::is_same_v<O, cd>) return O(a); else if constexpr (std::is_same_v<O, bool>) return a != V(0); else return (O)a.real(); }
  else if constexpr (std::is_same_v<O, bool>) return a != V(0);
  else if constexpr (std::is_same_v<O, cf>) return cf((float)a); else if constexpr (std::is_same_v<O, cd>) return cd((double)a);
  else if constexpr (std::is_floating_point_v<V> && std::is_integral_v<O>) return (O)(int64_t)a;
  else return (O)a; }
template <class A, class O> static void castloop(int64_t n, char* const* p, const int64_t* s, const tk_scalar*) { un<O, A>(n, p, s, [](A x) -> O { return cv<O>(x); }); }
template <class A> tk_loop castto(tk_dtype t) { switch (t) { case TK_UINT8: return castloop<A, uint8_t>; case TK_INT8: return castloop<A, int8_t>; case TK_INT16: return castloop<A, int16_t>; case TK_INT32: return castloop<A, int32_t>; case TK_INT64: return castloop<A, int64_t>; case TK_FLOAT16: return castloop<A, half>; case TK_FLOAT32: return castloop<A, float>; case TK_FLOAT64: return castloop<A, double>; case TK_COMPLEX64: return castloop<A, cf>; case TK_COMPLEX128: return castloop<A, cd>; case TK_BOOL: return castloop<A, bool>; case TK_BFLOAT16: return castloop<A, bf>; } return nullptr; }
extern "C" {
tk_loop tk_find_cast(tk_dtype f, tk_dtype t) { switch (f) { case TK_UINT8: return castto<uint8_t>(t); case TK_INT8: return castto<int8_t>(t); case TK_INT16: return castto<int16_t>(t); case TK_INT32: return castto<int32_t>(t); case TK_INT64: return castto<int64_t>(t); case TK_FLOAT16: return castto<half>(t); case TK_FLOAT32: return castto<float>(t); case TK_FLOAT64: return castto<double>(t); case TK_COMPLEX64: return castto<cf>(t); case TK_COMPLEX128: return castto<cd>(t); case TK_BOOL: return castto<bool>(t); case TK_BFLOAT16: return castto<bf>(t); } return nullptr; }
tk_loop tk_find_map(const char* name, tk_dtype d) { std::string n(name); switch (d) { case TK_UINT8: return find<uint8_t>(n); case TK_INT8: return find<int8_t>(n); case TK_INT16: return find<int16_t>(n); case TK_INT32: return find<int32_t>(n); case TK_INT64: return find<int64_t>(n); case TK_FLOAT32: return find<float>(n); case TK_FLOAT64: return find<double>(n); case TK_BOOL: return find<bool>(n); case TK_COMPLEX64: return findc<cf>(n); case TK_COMPLEX128: return findc<cd>(n); default: return nullptr; } }
struct Run { tk_loop loop; int nd, nops; const int64_t* sizes; void* const* ptrs; const int64_t* const* st; const tk_scalar* q; };
static void rec(const Run& r, int d, char** p, int64_t b, int64_t e) {
  if (d == r.nd - 1) { char* pp[5]; int64_t s[5]; for (int k = 0; k < r.nops; k++) { s[k] = r.st[k][d]; pp[k] = p[k] + b * s[k]; } r.loop(e - b, pp, s, r.q); return; }
  for (int64_t i = b; i < e; i++) { char* pp[5]; for (int k = 0; k < r.nops; k++) pp[k] = p[k] + i * r.st[k][d]; rec(r, d + 1, pp, 0, r.sizes[d + 1]); }
}
static void runrange(void* c, int64_t b, int64_t e) { Run& r = *(Run*)c; char* p[5]; for (int k = 0; k < r.nops; k++) p[k] = (char*)r.ptrs[k]; rec(r, 0, p, b, e); }
void tk_run_map(tk_loop loop, int nd, const int64_t* sizes, int nops, void* const* ptrs, const int64_t* const* st, const tk_scalar* q) {
  int64_t n = 1; for (int i = 0; i < nd; i++) n *= sizes[i]; if (!n) return;
  int64_t cs[13], cst[5][13]; int k = 0; const int64_t* cp[5];
  for (int i = 0; i < nd; i++) { if (sizes[i] == 1) continue; bool merge = k > 0; if (merge) for (int o = 0; o < nops; o++) merge = merge && cst[o][k - 1] == st[o][i] * sizes[i]; if (merge) { cs[k - 1] *= sizes[i]; for (int o = 0; o < nops; o++) cst[o][k - 1] = st[o][i]; } else { cs[k] = sizes[i]; for (int o = 0; o < nops; o++) cst[o][k] = st[o][i]; k++; } }
  if (k == 0) { cs[0] = 1; for (int o = 0; o < nops; o++) cst[o][0] = 0; k = 1; }
  for (int o = 0; o < nops; o++) cp[o] = cst[o];
  Run r{loop, k, nops, cs, ptrs, cp, q}; tk_parallel_for(cs[0], std::max<int64_t>(1, 32768 / (n / cs[0])), runrange, &r);
}
void tk_fill(void* p, int64_t n, tk_dtype d, tk_scalar v) { tk_loop c = tk_find_cast(TK_COMPLEX128, d); cd z(v.re, v.im); if (d <= TK_INT64 || d == TK_BOOL) { c = tk_find_cast(TK_INT64, d); } int64_t iv = v.i; int sz = d == TK_COMPLEX128 ? 16 : d == TK_COMPLEX64 || d == TK_INT64 || d == TK_FLOAT64 ? 8 : d == TK_INT32 || d == TK_FLOAT32 ? 4 : d == TK_INT16 || d == TK_FLOAT16 || d == TK_BFLOAT16 ? 2 : 1; bool isint = d <= TK_INT64 || d == TK_BOOL; if (d == TK_BOOL) iv = v.re != 0 || v.im != 0; char* pp[2] = {(char*)p, isint ? (char*)&iv : (char*)&z}; int64_t s[2] = {sz, 0}; c(n, pp, s, nullptr); }
void tk_arange(void* p, int64_t n, tk_dtype d, tk_scalar a, tk_scalar st) { bool isint = d <= TK_INT64; tk_loop c = tk_find_cast(isint ? TK_INT64 : TK_FLOAT64, d); int sz = d == TK_INT64 || d == TK_FLOAT64 ? 8 : d == TK_INT32 || d == TK_FLOAT32 ? 4 : d == TK_INT16 || d == TK_FLOAT16 || d == TK_BFLOAT16 ? 2 : 1; for (int64_t i = 0; i < n; i++) { int64_t iv = a.i + i * st.i; double dv = a.re + i * st.re; char* pp[2] = {(char*)p + i * sz, isint ? (char*)&iv : (char*)&dv}; int64_t s[2] = {0, 0}; c(1, pp, s, nullptr); } }
}
