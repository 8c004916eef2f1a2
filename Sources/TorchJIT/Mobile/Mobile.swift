// Models for deployment: what is only needed for training is taken out before they are saved.

/// Preparing models for small run times: `import TorchJIT` is all that a program needs to run them.
public enum Mobile {
  /// The module as it should be deployed: one frozen graph a method, with batch normalization folded into
  /// convolutions and linear layers, dropout gone, constants computed, and optionally int8 weights.
  ///
  /// The result runs in inference only and is saved by `save(to:)`; without quantization PyTorch loads the file too.
  /// Weights are packed for the processor when they are first used, as their best order depends on it.
  ///
  /// ```swift
  /// let scripted = try JIT.trace(model, example)
  /// try Mobile.optimize(scripted).save(to: "model_mobile.pt")
  /// ```
  /// - Parameters:
  ///   - module: A module in evaluation mode; it is left as it is.
  ///   - quantizing: Whether linear layers and LSTMs get int8 weights with a scale for each row, a quarter of the size.
  ///     Such files need this library: PyTorch's int8 operators keep weights in a form of their own.
  ///   - preserving: Methods and attributes to keep beside `forward`.
  /// - Throws: `TorchError` of kind `.state` for a module in training mode, of kind `.value` for a name that is not
  ///   there, or where there is nothing to quantize.
  ///
  /// Reference: https://pytorch.org/docs/stable/mobile_optimizer.html
  public static func optimize(
    _ module: JIT.ScriptModule, quantizing: Bool = false, preserving names: [String] = []
  ) throws -> JIT.ScriptModule {
    let object = try JIT.freeze(module.object, preserving: names)
    var quantized = 0
    for name in object.type.methodNames {
      guard let graph = object.type.method(name)?.graph else { continue }
      graph.foldBatchNorm()
      if quantizing { quantized += try graph.quantizeDynamically() }
      graph.optimize()
    }
    if quantizing, quantized == 0 {
      throw TorchError(.value, "there is no linear layer or LSTM with float32 weights to quantize")
    }
    return JIT.ScriptModule(object)
  }
}
