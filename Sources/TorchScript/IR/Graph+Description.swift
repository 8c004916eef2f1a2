// A graph's printed form, which is PyTorch's.

import Foundation

extension JIT.Graph: CustomStringConvertible {
  public var description: String {
    var printer = JIT.GraphPrinter()
    return printer.print(self)
  }
}

extension JIT {
  struct GraphPrinter {
    private var names: [GraphValue: String] = [:]
    private var taken: Set<String> = []
    private var next = 0
    private var lines: [String] = []

    mutating func print(_ graph: Graph) -> String {
      let inputs = graph.inputs.map { "\(name($0)) : \($0.type.graphText)" }
      lines = ["graph(" + inputs.joined(separator: ",\n      ") + "):"]
      print(graph.block, indent: "  ")
      lines.append("  return (\(list(graph.outputs)))")
      return lines.joined(separator: "\n") + "\n"
    }

    private mutating func print(_ block: Block, indent: String) {
      for node in block.nodes {
        let results = node.outputs.map { "\(name($0)) : \($0.type.graphText)" }.joined(separator: ", ")
        let comment = node.source.map { " # \($0)" } ?? ""
        lines.append(
          indent + results + " = " + node.kind + attributes(node) + "(\(list(node.inputs)))"
            + comment)
        for (i, inner) in node.blocks.enumerated() {
          let inputs = inner.inputs.map { "\(name($0)) : \($0.type.graphText)" }.joined(separator: ", ")
          lines.append("\(indent)  block\(i)(\(inputs)):")
          print(inner, indent: indent + "    ")
          lines.append("\(indent)    -> (\(list(inner.outputs)))")
        }
      }
    }

    private mutating func list(_ values: [GraphValue]) -> String {
      values.map { name($0) }.joined(separator: ", ")
    }

    private func attributes(_ node: Node) -> String {
      if node.attributes.isEmpty || node.constantValue?.isNone == true { return "" }
      let texts = node.attributes.sorted { $0.key < $1.key }.map { key, value in
        switch value {
        case .int(let number): "\(key)=\(number)"
        case .string(let text): "\(key)=\"\(text)\""
        case .strings(let texts): "\(key)=[\(texts.map { "\"\($0)\"" }.joined(separator: ", "))]"
        case .value(let value): "\(key)=\(value.graphText)"
        case .type(let type): "\(key)=\(type)"
        case .types(let types): "\(key)=[\(types.map(\.description).joined(separator: ", "))]"
        case .graph: "\(key)=<Graph>"
        }
      }
      return "[" + texts.joined(separator: ", ") + "]"
    }

    /// `%x.1`: names from the source get a number where they are taken.
    private mutating func name(_ value: GraphValue) -> String {
      if let name = names[value] { return name }
      var name: String
      if value.name.isEmpty {
        repeat {
          name = String(next)
          next += 1
        } while taken.contains(name)
      } else {
        name = value.name
        var number = 0
        while taken.contains(name) {
          number += 1
          name = "\(value.name).\(number)"
        }
      }
      taken.insert(name)
      names[value] = "%" + name
      return "%" + name
    }
  }
}

extension JIT.ScriptType {
  /// The type as printed graphs have it: `int[]`, `Tensor?`.
  var graphText: String {
    switch self {
    case .list(let element): element.graphText + "[]"
    case .optional(let wrapped): wrapped.graphText + "?"
    case .dict(let key, let value): "Dict(\(key.graphText), \(value.graphText))"
    case .tuple(let elements): "(" + elements.map(\.graphText).joined(separator: ", ") + ")"
    case .number: "Scalar"
    default: description
    }
  }
}

extension JIT.IValue {
  /// The value as the attribute of a `prim::Constant`.
  var graphText: String {
    switch self {
    case .none: "None"
    case .tensor(let tensor): tensor.numel == 1 ? "{\(tensor.elementText)}" : "<Tensor>"
    case .int(let value): String(value)
    case .double(let value): JIT.IValue.digits(value, 17)
    case .bool(let value): value ? "1" : "0"
    case .complex(let value): "\(value.real)+\(value.imaginary)j"
    case .string(let value): "\"" + value.map(JIT.IValue.escaped).joined() + "\""
    case .device(let device): "\"\(device)\""
    case .list(let list): "[" + list.items.map(\.graphText).joined(separator: ", ") + "]"
    case .tuple(let tuple): "(" + tuple.items.map(\.graphText).joined(separator: ", ") + ")"
    case .enumeration(let type, let name): "\(type.qualifiedName).\(name)"
    case .function(let function): "<\(function.qualifiedName)>"
    case .quantized, .generator, .dict, .object, .future: "<\(type)>"
    }
  }
}

extension JIT.IValue {
  /// A number with as many significant digits as asked for, and a point where it would look like an integer.
  static func digits(_ value: Double, _ count: Int) -> String {
    let text = String(format: "%.\(count)g", value)
    return text.contains { ".enf".contains($0) } ? text : text + "."
  }

  private static func escaped(_ character: Character) -> String {
    switch character {
    case "\n": "\\n"
    case "\t": "\\t"
    case "\r": "\\r"
    case "\\": "\\\\"
    case "\"": "\\\""
    default: String(character)
    }
  }
}

extension Tensor {
  /// The only element as C++ streams print it: six digits.
  fileprivate var elementText: String {
    guard let item = try? item() else { return "?" }
    return dtype.isFloatingPoint ? String(format: "%g", item.doubleValue) : item.description
  }
}
