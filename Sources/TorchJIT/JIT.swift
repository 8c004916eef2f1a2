// The namespace of TorchScript: `JIT.load`, `JIT.trace`, `JIT.script`, and the graphs they are made of.
//
// How a program goes through here:
//
//   model.pt ── Archive/ ──► source text, attributes ── Frontend/ ──► Graph ── Runtime/ ──► values
//   nn.Module ── Trace/ or Script/ ──► Graph ── Passes/ ──► Graph ── Archive/ ──► model.pt
//
// Types/ has the static types, IR/ the graphs, Mobile/ what deployment adds.
// Reference: https://pytorch.org/docs/stable/jit.html and torch/csrc/jit/OVERVIEW.md of PyTorch.

@_exported import TorchCore
@_exported import TorchNN

/// TorchScript: programs of operators that are loaded, traced, run and saved.
public enum JIT {}
