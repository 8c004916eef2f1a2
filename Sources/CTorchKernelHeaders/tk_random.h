// PyTorch's CPU generator and its draws: the same seed gives the same numbers.
#pragma once
#include "tk_common.h"

#ifdef __cplusplus
extern "C" {
#endif

// A Mersenne twister with the normal samples that PyTorch caches. A generator is not thread safe.
typedef struct tk_generator tk_generator;
tk_generator *tk_generator_create(uint64_t seed);
tk_generator *tk_generator_copy(const tk_generator *g);
void tk_generator_destroy(tk_generator *g);
void tk_generator_seed(tk_generator *g, uint64_t seed);
uint64_t tk_generator_initial_seed(const tk_generator *g);
uint32_t tk_generator_next32(tk_generator *g);
uint64_t tk_generator_next64(tk_generator *g);

// The bytes of torch.get_rng_state(). set returns false, changing nothing, when they are not a valid state.
#define TK_GENERATOR_STATE_SIZE 5056
void tk_generator_get_state(const tk_generator *g, uint8_t *bytes);
bool tk_generator_set_state(tk_generator *g, const uint8_t *bytes, int64_t count);

// Each fills n contiguous elements with what PyTorch draws for a contiguous tensor of n elements, and returns false for
// a dtype that PyTorch refuses. Ranges and parameters were checked by the caller.
bool tk_random_uniform(tk_generator *g, tk_dtype dtype, void *p, int64_t n, double from, double to);
bool tk_random_normal(tk_generator *g, tk_dtype dtype, void *p, int64_t n, double mean, double std);
// What a non-contiguous tensor gets whatever its size: one sample after the other.
bool tk_random_normal_serial(tk_generator *g, tk_dtype dtype, void *p, int64_t n, double mean, double std);
// randint and random_(from, to): from + draw % (to - from).
bool tk_random_from_to(tk_generator *g, tk_dtype dtype, void *p, int64_t n, int64_t from, int64_t to);
// random_(): over all values that the dtype holds exactly, from 0; full_range: random_(-2^63, None), int64 only.
bool tk_random_bits(tk_generator *g, tk_dtype dtype, void *p, int64_t n, bool full_range);
// randperm; dtype is any integral or floating one that holds n - 1.
bool tk_random_permutation(tk_generator *g, tk_dtype dtype, void *p, int64_t n);
// bernoulli_(p), also the mask of dropout (which keeps with probability 1 - p). dtype is any but complex.
bool tk_random_bernoulli(tk_generator *g, tk_dtype dtype, void *p, int64_t n, double probability);
// bernoulli(tensor): probabilities of a floating dtype.
bool tk_random_bernoulli_tensor(tk_generator *g, tk_dtype dtype, void *p, int64_t n, tk_dtype probability_dtype,
                                const void *probabilities);
bool tk_random_exponential(tk_generator *g, tk_dtype dtype, void *p, int64_t n, double lambda);
bool tk_random_geometric(tk_generator *g, tk_dtype dtype, void *p, int64_t n, double probability);
bool tk_random_cauchy(tk_generator *g, tk_dtype dtype, void *p, int64_t n, double median, double sigma);
bool tk_random_log_normal(tk_generator *g, tk_dtype dtype, void *p, int64_t n, double mean, double std);

// multinomial with replacement: out is (rows, samples) int64, probabilities (rows, categories) contiguous and checked.
// (Without replacement, and for one sample, PyTorch takes topk or argmax of probabilities / exponential draws: a composite.)
bool tk_random_multinomial(tk_generator *g, tk_dtype probability_dtype, const void *probabilities, int64_t rows,
                           int64_t categories, int64_t samples, int64_t *out);
// Elementwise parameters of the dtype of the result, n each.
bool tk_random_poisson(tk_generator *g, tk_dtype dtype, void *p, int64_t n, const void *rates);
bool tk_random_binomial(tk_generator *g, tk_dtype dtype, void *p, int64_t n, const void *counts,
                        const void *probabilities);
bool tk_random_gamma(tk_generator *g, tk_dtype dtype, void *p, int64_t n, const void *alpha);
// rows of k concentrations each; a sample for each row.
bool tk_random_dirichlet(tk_generator *g, tk_dtype dtype, void *p, int64_t rows, int64_t k, const void *alpha);

#ifdef __cplusplus
}
#endif
