// What threads of other modules tell the thread pool.

import CTorchKernelHeaders

package enum WorkerThread {
  /// Marks the calling thread, a data-loading worker say, as one whose operators never start parallel regions: several
  /// such threads would otherwise fight over the same cores.
  package static func markSerial() { tk_set_thread_serial(true) }
}
