// Python pickles, reading, without running anything.
//
// A pickle is a program for a stack machine. This one knows the machine's instructions of protocols 0 to 5 and
// nothing of Python: a class or function is only what the caller's table says it is, and naming any other is an
// error. Memory is bounded by the input: an instruction pushes at most one value, and lengths are checked first.
// Reference: https://github.com/python/cpython/blob/main/Lib/pickletools.py; what PyTorch allows is in
// https://pytorch.org/docs/stable/notes/serialization.html#weights-only-allowlist. Departure: out-of-band buffers
// (protocol 5) and extension codes are refused, as PyTorch's restricted unpickler does.

import Foundation
import TorchCore

/// The names a pickle may use, and what its persistent identifiers stand for.
package struct PickleRules {
  /// The global of that name (`collections.OrderedDict`); nil or an error refuses it.
  package var global: (String) throws -> PickleGlobal?
  package var persistent: (PickleValue) throws -> PickleValue

  package init(
    global: @escaping (String) throws -> PickleGlobal?,
    persistent: @escaping (PickleValue) throws -> PickleValue = { _ in
      throw TorchError(.serialization, "pickle: a persistent id where none is possible")
    }
  ) {
    self.global = global
    self.persistent = persistent
  }
}

package struct Unpickler {
  private var reader: ByteReader
  private let rules: PickleRules
  private let graph: PickleGraph
  private var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  private var globals: [String: PickleGlobal] = [:]

  private init(_ reader: ByteReader, _ rules: PickleRules) {
    self.reader = reader
    self.rules = rules
    graph = PickleGraph(budget: 2 * reader.remaining)
  }

  /// Reads the pickle that begins where `reader` is, and leaves `reader` behind it.
  package static func read(_ reader: inout ByteReader, _ rules: PickleRules) throws -> PickleGraph {
    var machine = Unpickler(reader, rules)
    while try machine.step() {}
    reader = machine.reader
    machine.graph.root = try machine.pop()
    return machine.graph
  }

  package static func read(_ region: ByteRegion, _ rules: PickleRules) throws -> PickleGraph {
    var reader = ByteReader(region)
    return try read(&reader, rules)
  }
}

// MARK: - The machine

extension Unpickler {
  /// Carries out one instruction; false after STOP.
  private mutating func step() throws -> Bool {
    let opcode = try reader.byte()
    switch UnicodeScalar(opcode) {
    case ".": return false
    case "\u{80}":  // PROTO
      let version = try reader.byte()
      guard version <= 5 else { throw malformed("protocol \(version) is not known") }
    case "\u{95}": _ = try reader.integer(UInt64.self)  // FRAME: only a hint

    // Constants
    case "N": stack.append(.none)
    case "\u{88}": stack.append(.bool(true))
    case "\u{89}": stack.append(.bool(false))
    case "K": stack.append(.int(Int(try reader.byte())))
    case "M": stack.append(.int(Int(try reader.integer(UInt16.self))))
    case "J": stack.append(.int(Int(try reader.integer(Int32.self))))
    case "\u{8A}": stack.append(try BigDecimal.value(reader.bytes(Int(reader.byte()))))
    case "\u{8B}": stack.append(try BigDecimal.value(reader.bytes(length(Int32.self))))
    case "G": stack.append(.float(Double(bitPattern: try reader.integer(UInt64.self).byteSwapped)))
    case "I": try pushDecimal(line(), boolean: true)
    case "L": try pushDecimal(line(), boolean: false)
    case "F":
      guard let value = Double(try line()) else { throw malformed("bad float") }
      stack.append(.float(value))
    case "S": stack.append(try quoted(line()))
    case "V": stack.append(.string(try rawUnicode(line())))

    // Strings and bytes
    case "X": try pushString(length(UInt32.self))
    case "\u{8C}": try pushString(Int(reader.byte()))
    case "\u{8D}": try pushString(length(UInt64.self))
    case "U": stack.append(text(orBytes: try reader.bytes(Int(reader.byte()))))
    case "T": stack.append(text(orBytes: try reader.bytes(length(Int32.self))))
    case "B": stack.append(.bytes(try reader.bytes(length(UInt32.self))))
    case "C": stack.append(.bytes(try reader.bytes(Int(reader.byte()))))
    case "\u{8E}", "\u{96}": stack.append(.bytes(try reader.bytes(length(UInt64.self))))

    // Containers
    case "(": marks.append(stack.count)
    case "]": stack.append(graph.make(.list))
    case "}": stack.append(graph.make(.dict))
    case ")": stack.append(graph.make(.tuple))
    case "\u{8F}": stack.append(graph.make(.set))
    case "l": try pushNode(.list, popMark())
    case "d": try pushNode(.dict, evenItems(popMark()))
    case "t": try pushNode(.tuple, popMark())
    case "\u{91}": try pushNode(.set, popMark())  // FROZENSET
    case "\u{85}": try pushNode(.tuple, pop(1))
    case "\u{86}": try pushNode(.tuple, pop(2))
    case "\u{87}": try pushNode(.tuple, pop(3))
    case "a": try extend(pop(1), [.list])
    case "e": try extend(popMark(), [.list])
    case "s": try extend(pop(2), [.dict, .orderedDict])
    case "u": try extend(evenItems(popMark()), [.dict, .orderedDict])
    case "\u{90}": try extend(popMark(), [.set])

    // Stack and memo
    case "0": try discard()
    case "1": _ = try popMark()
    case "2": stack.append(try top())
    case "q": memo[Int(try reader.byte())] = try top()
    case "r": memo[Int(try reader.integer(UInt32.self))] = try top()
    case "p": memo[try memoIndex(line())] = try top()
    case "\u{94}": memo[memo.count] = try top()
    case "h": try recall(Int(reader.byte()))
    case "j": try recall(Int(reader.integer(UInt32.self)))
    case "g": try recall(memoIndex(line()))

    // Objects
    case "c": try pushGlobal(line(), line())
    case "\u{93}":
      let names = try pop(2)
      guard let module = names[0].string, let name = names[1].string else { throw malformed("a global without a name") }
      try pushGlobal(module, name)
    case "R", "\u{81}":  // REDUCE and NEWOBJ differ only in Python
      let parts = try pop(2)
      try call(parts[0], parts[1])
    case "\u{92}":  // NEWOBJ_EX
      let parts = try pop(3)
      guard parts[2].pairs?.isEmpty == true else { throw malformed("keyword arguments are not supported") }
      try call(parts[0], parts[1])
    case "b": try build(pop())
    case "i":
      let (module, name) = (try line(), try line())
      try instantiate(module, name, arguments: popMark())
    case "o":
      var items = try popMark()
      guard !items.isEmpty else { throw malformed("an object without a class") }
      let function = items.removeFirst()
      try call(function, graph.make(.tuple, items))
    case "P": stack.append(try rules.persistent(.string(line())))
    case "Q": stack.append(try rules.persistent(pop()))

    default: throw malformed("instruction \(opcode) is not supported")
    }
    return true
  }

  private func malformed(_ why: String) -> TorchError {
    TorchError(.serialization, "pickle: \(why) (at byte \(reader.offset))")
  }

  // MARK: Stack

  /// Values below the last mark belong to the container being filled there and cannot be popped.
  private var floor: Int { marks.last ?? 0 }

  private func top() throws -> PickleValue {
    guard stack.count > floor, let value = stack.last else { throw malformed("the stack is empty") }
    return value
  }

  private mutating func pop() throws -> PickleValue {
    let value = try top()
    stack.removeLast()
    return value
  }

  private mutating func pop(_ count: Int) throws -> [PickleValue] {
    guard stack.count - floor >= count else { throw malformed("the stack is empty") }
    let values = Array(stack.suffix(count))
    stack.removeLast(count)
    return values
  }

  private mutating func popMark() throws -> [PickleValue] {
    guard let mark = marks.popLast() else { throw malformed("no mark") }
    let values = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return values
  }

  /// POP also removes a mark that is on top.
  private mutating func discard() throws {
    if let mark = marks.last, mark == stack.count { marks.removeLast() } else { _ = try pop() }
  }

  private mutating func recall(_ index: Int) throws {
    guard let value = memo[index] else { throw malformed("memo \(index) is empty") }
    stack.append(value)
  }

  // MARK: Containers

  private mutating func pushNode(_ kind: PickleNode.Kind, _ items: [PickleValue]) throws {
    stack.append(graph.make(kind, items))
  }

  private func evenItems(_ items: [PickleValue]) throws -> [PickleValue] {
    guard items.count.isMultiple(of: 2) else { throw malformed("a dictionary key without a value") }
    return items
  }

  private mutating func extend(_ items: [PickleValue], _ kinds: [PickleNode.Kind]) throws {
    guard case .node(let node) = try top(), kinds.contains(node.kind) else {
      throw malformed("cannot add elements to \(try top().kindName)")
    }
    node.items += items
  }

  // MARK: Objects

  private mutating func pushGlobal(_ module: String, _ name: String) throws {
    stack.append(.global(try global(module, name)))
  }

  private mutating func global(_ module: String, _ name: String) throws -> PickleGlobal {
    // Protocol 2 writes Python 2's names.
    let modules = ["__builtin__": "builtins", "copy_reg": "copyreg"]
    let path = "\(modules[module] ?? module).\(name)"
    if let known = globals[path] { return known }
    guard let found = try rules.global(path) else {
      throw TorchError(.serialization, "Unsupported global: GLOBAL \(path) was not an allowed global by default.")
    }
    globals[path] = found
    return found
  }

  private mutating func call(_ function: PickleValue, _ arguments: PickleValue) throws {
    guard case .global(let global) = function else { throw malformed("cannot call \(function.kindName)") }
    // TorchScript gives an enumeration the member's value where everything else has a tuple.
    let bare = global.name.hasPrefix("__torch__.") ? [arguments] : nil
    guard let items = arguments.sequence ?? bare else {
      throw malformed("cannot call \(global.name) with \(arguments.kindName)")
    }
    stack.append(try global.call(items, graph))
  }

  private mutating func instantiate(_ module: String, _ name: String, arguments: [PickleValue]) throws {
    stack.append(try global(module, name).call(arguments, graph))
  }

  private mutating func build(_ state: PickleValue) throws {
    switch try top() {
    case .node(let node):
      switch node.kind {
      case .orderedDict, .object: node.state = state
      default: throw malformed("cannot set the state of \(try top().kindName)")
      }
    case .tensor, .foreign: break  // Python attributes of a tensor or Parameter carry no values of it
    default: throw malformed("cannot set the state of \(try top().kindName)")
    }
  }

  // MARK: Text

  private mutating func length<T: FixedWidthInteger>(_ type: T.Type) throws -> Int {
    guard let length = Int(exactly: try reader.integer(type)), length >= 0, length <= reader.remaining else {
      throw malformed("a length beyond the end")
    }
    return length
  }

  private mutating func line() throws -> String {
    guard let text = try reader.line().text else { throw malformed("text that is not UTF-8") }
    return text
  }

  private mutating func pushString(_ count: Int) throws {
    // Python writes lone surrogates too ("surrogatepass"); they become U+FFFD here.
    let bytes = try reader.bytes(count)
    stack.append(.string(bytes.withBytes { String(decoding: $0, as: UTF8.self) }))
  }

  /// Python 2 strings are bytes that are nearly always text.
  private func text(orBytes bytes: ByteRegion) -> PickleValue { bytes.text.map { .string($0) } ?? .bytes(bytes) }

  private mutating func pushDecimal(_ line: String, boolean: Bool) throws {
    if boolean, line == "00" || line == "01" { return stack.append(.bool(line == "01")) }
    guard let value = BigDecimal.parse(line.hasSuffix("L") ? String(line.dropLast()) : line) else {
      throw malformed("bad integer")
    }
    stack.append(value)
  }

  private func memoIndex(_ line: String) throws -> Int {
    guard let index = Int(line), index >= 0 else { throw malformed("bad memo index") }
    return index
  }

  /// A string as Python's `repr` writes it.
  private func quoted(_ line: String) throws -> PickleValue {
    let scalars = Array(line.unicodeScalars)
    guard scalars.count >= 2, let quote = scalars.first, quote == "'" || quote == "\"", scalars.last == quote else {
      throw malformed("bad string")
    }
    var bytes: [UInt8] = []
    var i = 1
    while i < scalars.count - 1 {
      var scalar = scalars[i]
      i += 1
      if scalar == "\\", i < scalars.count - 1 {
        scalar = scalars[i]
        i += 1
        switch scalar {
        case "n": scalar = "\n"
        case "r": scalar = "\r"
        case "t": scalar = "\t"
        case "x":
          guard i + 2 < scalars.count, let code = UInt8(String(String.UnicodeScalarView(scalars[i..<i + 2])), radix: 16)
          else { throw malformed("bad escape") }
          bytes.append(code)
          i += 2
          continue
        default: break
        }
      }
      bytes += Array(String(scalar).utf8)
    }
    return text(orBytes: ByteRegion(bytes))
  }

  /// Text in Python's raw-unicode-escape encoding: only `\uXXXX` and `\UXXXXXXXX` mean something.
  private func rawUnicode(_ line: String) throws -> String {
    var result = String.UnicodeScalarView()
    let scalars = Array(line.unicodeScalars)
    var i = 0
    while i < scalars.count {
      let width = i + 1 < scalars.count && scalars[i] == "\\" ? ["u": 4, "U": 8][scalars[i + 1]] ?? 0 : 0
      if width > 0 {
        guard i + 2 + width <= scalars.count,
          let code = UInt32(String(String.UnicodeScalarView(scalars[i + 2..<i + 2 + width])), radix: 16)
        else { throw malformed("bad escape") }
        result.append(UnicodeScalar(code) ?? "\u{FFFD}")
        i += 2 + width
      } else {
        result.append(scalars[i])
        i += 1
      }
    }
    return String(result)
  }
}
