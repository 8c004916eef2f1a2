// The namespace of TorchScript, and the language: types, graphs, the compiler, its passes, and the interpreter.
//
//   source text ── Frontend/ ──► Graph ── Passes/ ──► Graph ── Runtime/ ──► values
//
// Types/ has the static types, IR/ the graphs. What brings programs in and out is in TorchJIT.
// Reference: https://pytorch.org/docs/stable/jit_language_reference.html and torch/csrc/jit/OVERVIEW.md of PyTorch.

@_exported import TorchCore

/// TorchScript: programs of operators that are loaded, traced, run and saved.
public enum JIT {}
