// The smallest program that runs a deployed model: `import TorchJIT` is all it needs.
//
//     mobile MODEL SIZE…      runs MODEL on ones of the given sizes, and says what starting and running it takes

import Glibc
import TorchJIT

let clock = ContinuousClock()

func milliseconds(_ duration: Duration) -> String {
  let microseconds = duration.components.seconds * 1_000_000 + duration.components.attoseconds / 1_000_000_000_000
  let fraction = String(microseconds % 1000)
  return "\(microseconds / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction) ms"
}

func run(_ path: String, _ sizes: [Int]) throws {
  let start = clock.now
  let model = try JIT.load(path, device: .cpu)
  let loaded = clock.now
  let input = Tensor.full(Shape(sizes), 1.0)
  let first = try withErrors { torch.inferenceMode { model(input) } }
  let ran = clock.now
  print("\(first.dtype.name) \(first.shape.listDescription)")
  let times = (0..<20).map { _ in clock.measure { _ = torch.inferenceMode { model(input) } } }.sorted()
  print("load \(milliseconds(loaded - start)), first run \(milliseconds(ran - loaded)), then \(milliseconds(times[10]))")
}

let arguments = CommandLine.arguments.dropFirst()
let sizes = arguments.dropFirst().compactMap(Int.init)
if let path = arguments.first, sizes.count == arguments.count - 1 {
  do {
    try run(path, sizes)
  } catch {
    print("Error: \(error)")
    exit(1)
  }
} else {
  print("usage: mobile MODEL SIZE…")
  exit(2)
}
