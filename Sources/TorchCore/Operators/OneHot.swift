// Class numbers as rows of zeros with a one.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html

enum OneHot {
  static let oneHot = Operator(composite: "one_hot(Tensor self, int num_classes=-1) -> Tensor") {
    (x: Tensor, classes: Int) in
    guard x.dtype == .int64 else {
      throw TorchError(.dtype, "one_hot is only applicable to index tensor of type LongTensor.")
    }
    if x.numel == 0 {
      guard classes > 0 else {
        throw TorchError(.value, "Can not infer total number of classes from empty tensor.")
      }
      return Tensor.zeros(Shape(Array(x.shape) + [classes]), dtype: .int64)
    }
    guard try x.amin().item(Int.self) >= 0 else { throw TorchError(.value, "Class values must be non-negative.") }
    let greatest = try x.amax().item(Int.self)
    guard classes == -1 || greatest < classes else {
      throw TorchError(.value, "Class values must be smaller than num_classes.")
    }
    let count = classes == -1 ? greatest + 1 : classes
    let zeros = Tensor.zeros(Shape(Array(x.shape) + [count]), dtype: .int64)
    return zeros.scatter(-1, x.unsqueeze(-1), Tensor.ones(Shape(Array(x.shape) + [1]), dtype: .int64))
  }

  static let operators: [AnyOperator] = [oneHot]
}

extension torch {
  /// Class numbers (…) as rows (…, classes) of zeros with a one; as many classes as there are numbers, where not given.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html
  public static func oneHot(_ x: Tensor, numClasses: Int = -1) -> Tensor { OneHot.oneHot(x, numClasses) }
}
