// Which axes of inputs and outputs have another size in each run, and the examples that show it.

import TorchCore

extension ONNX {
  /// Axes whose size is free: `[0: "batch"]`, or `[0]` without a name.
  ///
  /// Axes of the same name have the same size in each run.
  public struct DynamicAxes: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, Sendable {
    /// The name of each axis.
    public let names: [Int: String?]

    public init(_ names: [Int: String]) { self.names = names.mapValues { $0 } }
    public init(dictionaryLiteral elements: (Int, String)...) {
      self.init(Dictionary(elements, uniquingKeysWith: { $1 }))
    }
    public init(arrayLiteral elements: Int...) {
      names = Dictionary(elements.map { ($0, nil) }, uniquingKeysWith: { first, _ in first })
    }
  }

  /// The example, and variants of it in which the dynamic axes have other sizes.
  struct ExampleVariants {
    /// The axes, with their sizes in the example.
    let axes: [(name: String, size: Int)]
    /// For each input the axes' numbers: dimension and index into `axes`.
    let places: [[(dim: Int, axis: Int)]]
    /// Names for dimensions of the inputs, by input.
    let names: [[Int: String]]

    init(_ inputs: [Tensor], names inputNames: [String], _ dynamic: [String: DynamicAxes]) throws {
      var axes: [(name: String, size: Int)] = []
      var places: [[(dim: Int, axis: Int)]] = []
      var names: [[Int: String]] = []
      for (tensor, input) in zip(inputs, inputNames) {
        var own: [(dim: Int, axis: Int)] = []
        var ownNames: [Int: String] = [:]
        for (dim, name) in (dynamic[input]?.names ?? [:]).sorted(by: { $0.key < $1.key }) {
          let positive = dim < 0 ? dim + tensor.ndim : dim
          guard tensor.shape.indices.contains(positive) else {
            throw TorchError(
              .index, "dynamic axis \(dim) of '\(input)' is out of range for a tensor of \(tensor.ndim) dimensions")
          }
          let name = name ?? "\(input)_dynamic_axes_\(positive + 1)"
          let size = tensor.shape[positive]
          if let known = axes.firstIndex(where: { $0.name == name }) {
            guard axes[known].size == size else {
              throw TorchError(
                .value, "the dynamic axis '\(name)' has the sizes \(axes[known].size) and \(size) in the example")
            }
            own.append((positive, known))
          } else {
            own.append((positive, axes.count))
            axes.append((name, size))
          }
          ownNames[positive] = name
        }
        places.append(own)
        names.append(ownNames)
      }
      (self.axes, self.places, self.names) = (axes, places, names)
    }

    /// Sizes of the axes to try for variant number `variant` (from 1 on), the best first. Multiples keep what has to be
    /// divisible so; axes of one size in the example get different ones.
    func candidates(_ variant: Int) -> [[Int]] {
      let count = max(axes.count, 2)
      return [
        axes.enumerated().map { k, axis in max(axis.size, 1) * (2 + (k + variant - 1) % count) },
        axes.enumerated().map { k, axis in axis.size + 1 + (k + variant - 1) % count },
        axes.enumerated().map { k, axis in max(axis.size - 1 - (k + variant - 1) % count, 1) },
        axes.map { max($0.size / (1 + variant), 1) },
      ]
    }

    /// The inputs with other sizes: their elements over and over.
    func inputs(_ inputs: [Tensor], sizes: [Int]) -> [Tensor] {
      torch.noGrad {
        zip(inputs, places).map { tensor, places in
          places.reduce(tensor) { x, place in
            let (old, new) = (x.shape[place.dim], sizes[place.axis])
            guard old > 0, old != new else { return x }
            return x.indexSelect(place.dim, Tensor((0..<new).map { $0 % old }, dtype: .int64))
          }
        }
      }
    }
  }
}
