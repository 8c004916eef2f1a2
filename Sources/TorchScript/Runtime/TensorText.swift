// Tensors as PyTorch's C++ streams write them, which is what scripts print.
//
// Reference: aten/src/ATen/core/Formatting.cpp of PyTorch, whose spacing is kept, oddities included.

import RealModule

extension JIT {
  enum TensorText {
    private static let lineWidth = 80

    /// `1\n 2\n[ CPULongType{2} ]`.
    static func text(_ tensor: Tensor) throws -> String {
      let type = "\(tensor.device.kind.rawValue.uppercased())\(tensor.dtype.scalarTypeName)Type"
      let caption = "[ \(type){\(tensor.shape.map(String.init).joined(separator: ","))} ]"
      if tensor.numel == 0 { return caption }
      if tensor.ndim == 0 { return alone(try tensor.item()) + "\n" + caption }
      let values = try tensor.scalars().map(\.doubleValue)
      if tensor.ndim == 1 {
        let format = Format(values[...])
        return format.scaleLine + values.map { format.text($0) + "\n" }.joined() + caption
      }
      let (rows, columns) = (tensor.shape[tensor.ndim - 2], tensor.shape[tensor.ndim - 1])
      let (outer, area) = (Array(tensor.shape.dropLast(2)), rows * columns)
      let matrices = (0..<values.count / area).map { i in
        // The first index runs fastest.
        let place = Place(i, outer)
        let heading = outer.isEmpty ? "" : "(" + place.indices.map { "\($0 + 1)," }.joined() + ".,.) = \n"
        let start = place.offset * area
        return heading + matrix(values[start..<start + area], columns, indent: outer.isEmpty ? "" : " ")
      }
      return matrices.joined(separator: "\n") + caption
    }

    /// A number that stands alone is written with as many digits as it needs.
    private static func alone(_ value: Scalar) -> String {
      switch value {
      case .bool(let flag): return flag ? "1" : "0"
      case .int(let number): return String(number)
      case .double, .complex:
        let text = Scalar.double(value.doubleValue).description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
      }
    }

    /// Lines of a matrix, in blocks of columns where they are too long.
    private static func matrix(_ values: ArraySlice<Double>, _ columns: Int, indent: String) -> String {
      let format = Format(values)
      let perLine = max((lineWidth - indent.utf8.count) / (format.width + 1), 1)
      let rows = stride(from: values.startIndex, to: values.endIndex, by: columns).map { values[$0..<$0 + columns] }
      let blocks = stride(from: 0, to: columns, by: perLine).map { first in
        let last = min(first + perLine, columns)
        var text = perLine < columns ? "Columns \(first + 1) to \(last)" + indent : ""
        if format.scale != 1 { text += format.scaleLine + indent }
        let lines = rows.map { row in
          row[(row.startIndex + first)..<(row.startIndex + last)].map(format.text).joined(separator: " ") + "\n"
        }
        return text + lines.joined(separator: indent + (format.scale != 1 ? " " : ""))
      }
      return blocks.joined(separator: "\n")
    }
  }
}

/// The indices of the i-th matrix of a tensor, the first running fastest.
private struct Place {
  var indices: [Int] = []
  var offset = 0

  init(_ i: Int, _ sizes: [Int]) {
    var rest = i
    for size in sizes {
      indices.append(rest % size)
      rest /= size
    }
    for (index, size) in zip(indices, sizes) { offset = offset * size + index }
  }
}

/// How all numbers of a matrix are written.
private struct Format {
  var scale = 1.0
  var width = 11
  /// Python's notation for digits.
  var digits = ".4f"

  init(_ values: ArraySlice<Double>) {
    let finite = values.lazy.filter(\.isFinite).map(\.magnitude)
    func exponent(_ value: Double?) -> Double { value.map { $0 == 0 ? 1 : Double.log10($0).rounded(.down) + 1 } ?? 1 }
    let (least, most) = (exponent(finite.min()), exponent(finite.max()))
    if values.allSatisfy({ !$0.isFinite || $0 == $0.rounded() }) {
      (width, digits) = most > 9 ? (11, ".4e") : (Int(most) + 1, ".6g")
    } else if most - least > 4 {
      width = abs(most) > 99 || abs(least) > 99 ? 12 : 11
      digits = ".4e"
    } else if most > 5 || most < 0 {
      width = 7
      scale = cPower(10, most - 1)
    } else {
      width = most == 0 ? 7 : Int(most) + 6
    }
  }

  /// `100000 *` above numbers that are shown divided by it.
  var scaleLine: String { scale == 1 ? "" : "\(scale, format: ".6g") *\n" }

  func text(_ value: Double) -> String {
    "\(value / scale, format: "\(width)\(digits)")"
  }
}
