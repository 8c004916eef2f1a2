// Values and objects of TorchScript as pickles: an archive's `data.pkl` and `constants.pkl`.
//
// An object is its class's name and a dictionary of its attributes. Lists and dictionaries say their static types, which
// their elements may not tell. A list, dictionary or object that stands in several places is written once.
// Reference: torch/csrc/jit/serialization/pickler.cpp of PyTorch.

import TorchSerialization

extension JIT {
  struct ObjectPickler {
    private var pickler = Pickler()
    private var exporter = TensorExporter()
    private let printer: PythonPrinter
    /// Containers being written, to notice those that hold themselves.
    private var open: Set<ObjectIdentifier> = []

    private init(_ printer: PythonPrinter) { self.printer = printer }

    /// The pickle of `value` and the storages it refers to by number.
    static func pickle(_ value: IValue, _ printer: PythonPrinter) throws -> (bytes: [UInt8], storages: [StoredStorage]) {
      var writer = ObjectPickler(printer)
      try writer.write(value)
      return (writer.pickler.finished(), writer.pickler.storages)
    }

    private mutating func write(_ value: IValue) throws {
      switch value {
      case .none: pickler.emit("N")
      case .tensor(let tensor): try pickler.write(exporter.stored(tensor))
      case .int(let value): pickler.write(value)
      case .double(let value): pickler.write(value)
      case .bool(let value): pickler.write(value)
      case .complex(let value):
        pickler.global("builtins", "complex")
        pickler.write(value.real)
        pickler.write(value.imaginary)
        pickler.emit(0x86)
        pickler.emit("R")
      case .string(let text): try pickler.write(text)
      case .device(let device):
        pickler.global("torch", "device")
        try pickler.write(device.description)
        pickler.emit(0x85)
        pickler.emit("R")
      case .list(let list):
        try once(list) { try $0.write(list) }
      case .tuple(let tuple):
        pickler.emit("(")
        for item in tuple.items { try write(item) }
        pickler.emit("t")
      case .dict(let dict): try once(dict) { try $0.write(dict) }
      case .object(let object): try once(object) { try $0.write(object) }
      case .enumeration(let type, let member):
        global(printer.name(.enumeration(type)))
        guard let found = type.members.first(where: { $0.name == member }) else { throw refusal("an unknown enum member") }
        // PyTorch wants the value itself here, not a tuple of it.
        if let text = found.text { try pickler.write(text) } else if let number = found.value { try write(IValue(.scalar(number))) }
        pickler.emit("R")
      case .generator: throw refusal("a generator")
      case .quantized: throw refusal("a quantized tensor")
      case .function(let function): throw refusal("the function \(function.qualifiedName)")
      case .future: throw refusal("a future")
      }
    }

    private func refusal(_ what: String) -> TorchError { TorchError(.serialization, "\(what) cannot be saved") }

    /// Writes what `owner` is, or refers to where it was written.
    private mutating func once(_ owner: AnyObject, _ body: (inout ObjectPickler) throws -> Void) throws {
      let key = "o\(UInt(bitPattern: ObjectIdentifier(owner).hashValue))"
      if pickler.recalled(key) { return }
      guard open.insert(ObjectIdentifier(owner)).inserted, open.count <= 1000 else {
        throw TorchError(.serialization, "a value that holds itself, or is nested too deeply, cannot be saved")
      }
      try body(&self)
      open.remove(ObjectIdentifier(owner))
      pickler.memoise(key)
    }

    private mutating func write(_ list: ListObject) throws {
      let special: String? =
        switch list.elementType {
        case .int: "build_intlist"
        case .tensor: "build_tensorlist"
        case .float: "build_doublelist"
        case .bool: "build_boollist"
        default: nil
        }
      pickler.global("torch.jit._pickle", special ?? "restore_type_tag")
      if special == nil { pickler.emit("(") }
      pickler.emit("]")
      pickler.emit("(")
      for item in list.items { try write(item) }
      pickler.emit("e")
      if special == nil { try tag(.list(list.elementType)) } else { pickler.emit(0x85) }
      pickler.emit("R")
    }

    private mutating func write(_ dict: DictObject) throws {
      pickler.global("torch.jit._pickle", "restore_type_tag")
      pickler.emit("(")
      pickler.emit("}")
      pickler.emit("(")
      for (key, value) in dict.table {
        try write(IValue(key))
        try write(value)
      }
      pickler.emit("u")
      try tag(.dict(dict.keyType, dict.valueType))
      pickler.emit("R")
    }

    /// The static type of the container just written, which ends the tuple of both.
    private mutating func tag(_ type: ScriptType) throws {
      try pickler.write(printer.type(type))
      pickler.emit("t")
    }

    private mutating func write(_ object: ScriptObject) throws {
      global(printer.name(.classType(object.type)))
      pickler.emit(")")
      pickler.emit(0x81)
      // A class may say itself what is kept of its objects.
      if let getState = object.type.method("__getstate__") {
        try write(getState.call([.object(object)]))
        pickler.emit("b")
        return
      }
      pickler.emit("}")
      pickler.emit("(")
      for (slot, attribute) in object.type.attributes.enumerated() {
        try pickler.write(attribute.name)
        try write(object[slot])
      }
      pickler.emit("u")
      pickler.emit("b")
    }

    private mutating func global(_ name: String) {
      let split = name.lastIndex(of: ".") ?? name.startIndex
      pickler.global(String(name[..<split]), String(name[split...].drop { $0 == "." }))
    }
  }
}
