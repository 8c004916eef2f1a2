// The guide's three pictures.

import Torch
import TorchPlot

enum Pictures {
  /// The first six images of a batch with their labels.
  static func digits(_ images: Tensor, _ labels: Tensor, to path: String) throws {
    let labels = try labels.toArray(Int.self)
    let figure = Figure(rows: 2, columns: 3, width: 10, height: 6)
    for (i, axes) in figure.axes.enumerated() {
      axes.axisOff()
      guard i < labels.count else { continue }
      try axes.imshow(images.select(0, i).squeeze())
      axes.setTitle("Label: \(labels[i])")
    }
    figure.tightLayout()
    try figure.save(path)
  }

  /// The test accuracy, in per cent, after each epoch.
  static func accuracies(_ accuracies: [Double], to path: String) throws {
    let epochs = accuracies.indices.map { Double($0 + 1) }
    let figure = Figure(width: 10, height: 6)
    let axes = figure[0]
    axes.plot(epochs, accuracies, lineStyle: .solid, marker: .circle, color: .blue)
    axes.setTitle("Test Accuracy vs. Epoch")
    axes.setXLabel("Epoch")
    axes.setYLabel("Accuracy (%)")
    // A tick for every epoch as long as the labels do not touch.
    if epochs.count <= 40 { axes.setXTicks(epochs) }
    axes.grid()
    try figure.save(path)
  }

  /// Images with what the model says and what is true, green where they agree.
  static func predictions(_ images: Tensor, _ predictions: Tensor, _ labels: Tensor, to path: String) throws {
    let (predictions, labels) = try (predictions.toArray(Int.self), labels.toArray(Int.self))
    let figure = Figure(rows: 1, columns: max(1, labels.count), width: 20, height: 4)
    for (i, (prediction, label)) in zip(predictions, labels).enumerated() {
      try figure[i].imshow(images.select(0, i).squeeze())
      figure[i].setTitle("Pred: \(prediction)\nTrue: \(label)", color: prediction == label ? .green : .red)
      figure[i].axisOff()
    }
    figure.tightLayout()
    try figure.save(path)
  }
}
