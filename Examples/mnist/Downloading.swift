// Progress bars for the download of MNIST.

import Synchronization
import Torch
import TorchVision

/// Shows one bar for each file; the download reports from another thread.
final class Downloading: Sendable {
  private struct State: ~Copyable {
    var file = ""
    var bar: ProgressBar?
  }

  private let state = Mutex(State())

  func show(_ progress: DownloadProgress) {
    state.withLock { state in
      if state.file != progress.file {
        state.file = progress.file
        state.bar = ProgressBar(total: progress.total ?? 0, label: progress.file, unit: "byte")
      }
      state.bar?.set(progress.received)
    }
  }

  func finish() { state.withLock { $0.bar = nil } }
}
