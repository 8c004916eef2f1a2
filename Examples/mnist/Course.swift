// The training and testing loops of the guide's listing.

import Dispatch
import Foundation
import Torch
import TorchVision

typealias MNISTLoader = DataLoader<MNIST, (images: Tensor, labels: Tensor)>

struct Course {
  let model: ConvNet
  let optimizer: optim.Optimizer
  let trainLoader: MNISTLoader
  let testLoader: MNISTLoader
  let log: CourseLog

  /// One round over the training images.
  func train(_ epoch: Int) throws {
    model.train()  // Set model to training mode
    let (images, steps) = (trainLoader.dataset.count, trainLoader.count)
    let bar = ProgressBar(total: steps, label: "epoch \(epoch)", unit: "step")
    var started = DispatchTime.now()

    for (step, (data, target)) in trainLoader.enumerated() {
      optimizer.zeroGrad()
      let output = model(data)
      let loss = F.nllLoss(output, target)
      loss.backward()
      optimizer.step()

      let value = try loss.item(Double.self)
      let now = DispatchTime.now()
      let milliseconds = Double(now.uptimeNanoseconds - started.uptimeNanoseconds) / 1e6
      started = now
      try log.step((epoch - 1) * steps + step, epoch: epoch, loss: value, milliseconds: milliseconds)
      if step % 100 == 0 {
        bar.clear()
        let share = String(format: "%.0f", 100 * Double(step) / Double(steps))
        let shown = String(format: "%.6f", value)
        print("Train Epoch: \(epoch) [\(step * data.size(0))/\(images) (\(share)%)]\tLoss: \(shown)")
      }
      bar.advance(note: String(format: "loss %.4f", value))
    }
    bar.clear()
  }

  /// The accuracy on the test images, in per cent.
  func test(_ epoch: Int) throws -> Double {
    model.eval()  // Set model to evaluation mode
    var (loss, correct) = (0.0, 0)

    try torch.noGrad {  // Disable gradient computation
      for (data, target) in testLoader {
        let output = model(data)
        loss += try F.nllLoss(output, target, reduction: .sum).item(Double.self)  // Sum up batch loss
        let prediction = output.argmax(dim: 1, keepdim: true)  // The index of the max log-probability
        correct += try prediction.eq(target.view(as: prediction)).sum().item(Int.self)
      }
    }

    let count = testLoader.dataset.count
    let accuracy = 100 * Double(correct) / Double(count)
    loss /= Double(count)
    let figures = String(format: "Average loss: %.4f, Accuracy: \(correct)/\(count) (%.2f%%)", loss, accuracy)
    print("\nTest set: \(figures)\n")
    try log.test(step: trainLoader.count * epoch, epoch: epoch, loss: loss, accuracy: accuracy)
    return accuracy
  }
}
