// The course of the training as a file of JSON objects, one a line:
//
//   {"step":0,"epoch":1,"loss":2.308870,"milliseconds":31.204}
//   {"step":938,"epoch":1,"test_loss":0.051500,"test_accuracy":98.36}

import Foundation
import Torch

/// Writes the lines; without a path it does nothing.
final class CourseLog {
  private let path: String
  private let file: UnsafeMutablePointer<FILE>?

  /// - Throws: `TorchError` of kind `.io` where the file cannot be written.
  init(path: String?) throws {
    self.path = path ?? ""
    file = path.flatMap { fopen($0, "w") }
    if path != nil && file == nil { throw failure() }
  }

  deinit { if let file { fclose(file) } }

  func step(_ step: Int, epoch: Int, loss: Double, milliseconds: Double) throws {
    try write(
      "{\"step\":\(step),\"epoch\":\(epoch),\"loss\":\(number(loss, 6)),\"milliseconds\":\(number(milliseconds, 3))}")
  }

  func test(step: Int, epoch: Int, loss: Double, accuracy: Double) throws {
    try write(
      "{\"step\":\(step),\"epoch\":\(epoch),\"test_loss\":\(number(loss, 6)),\"test_accuracy\":\(number(accuracy, 2))}")
    // Whoever follows the file sees whole epochs; a full disk is noticed here at the latest.
    if let file, fflush(file) != 0 { throw failure() }
  }

  private func write(_ line: String) throws {
    guard let file else { return }
    guard fputs(line + "\n", file) >= 0 else { throw failure() }
  }

  /// JSON has no NaN and no infinities.
  private func number(_ value: Double, _ decimals: Int) -> String {
    value.isFinite ? String(format: "%.\(decimals)f", value) : "null"
  }

  private func failure() -> TorchError {
    TorchError(.io, "cannot write '\(path)': \(String(cString: strerror(errno)))")
  }
}
