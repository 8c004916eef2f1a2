// The thread's modes (see Sources/TorchCore/Operator/Modes.swift) and the process's default dtype.
// In C because Swift has no cheap thread-local variable; reading one is a single load here.
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

extern __thread uint32_t tk_mode_word __attribute__((tls_model("initial-exec")));
static inline uint32_t tk_modes(void) { return tk_mode_word; }
static inline void tk_set_modes(uint32_t modes) { tk_mode_word = modes; }

// The sequence number that orders a thread's autograd nodes.
extern __thread uint64_t tk_sequence_word __attribute__((tls_model("initial-exec")));
static inline uint64_t tk_next_sequence(void) { return tk_sequence_word++; }

int32_t tk_default_dtype(void);
void tk_set_default_dtype(int32_t dtype);

#ifdef __cplusplus
}
#endif
