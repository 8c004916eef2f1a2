// The namespace of optimizers and schedulers: `optim.Adam(model.parameters(), lr: 0.001)`.
// Reference: https://pytorch.org/docs/stable/optim.html

@_exported import TorchNN

/// Optimizers and learning-rate schedulers.
public enum optim {}

extension optim {
  /// Schedulers under PyTorch's name: `optim.lr_scheduler.StepLR`, which is `optim.StepLR`.
  public typealias lr_scheduler = optim
}
