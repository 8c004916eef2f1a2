// How many threads operators use.

import CTorchKernelHeaders

extension torch {
  /// Sets how many threads operators use, OpenBLAS's and oneDNN's work included.
  /// Source: https://pytorch.org/docs/stable/generated/torch.set_num_threads.html
  public static func setNumThreads(_ count: Int) {
    precondition(count > 0, "set_num_threads expects a positive integer")
    tk_set_num_threads(Int32(count))
  }

  /// How many threads operators use.
  public static var numThreads: Int { Int(tk_num_threads()) }
}
