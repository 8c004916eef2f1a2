// The CPU backend: Highway loops, OpenBLAS, oneDNN. One file a family, named as the families are.

struct CPUBackend: Backend {
  static let shared = CPUBackend()
}
