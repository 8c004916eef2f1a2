// Programs in and out: `JIT.load`, `JIT.trace`, `JIT.script`, `ScriptModule.save`.
//
//   model.pt ── Archive/ ──► source text, attributes ── TorchScript ──► a module that runs
//   nn.Module ── Trace/ or Script/ ──► Graph ── TorchScript ──► Graph ── Archive/ ──► model.pt
//
// Module/ has the modules that users hold, Mobile/ what deployment adds.
// Reference: https://pytorch.org/docs/stable/jit.html

@_exported import TorchNN
@_exported import TorchScript
