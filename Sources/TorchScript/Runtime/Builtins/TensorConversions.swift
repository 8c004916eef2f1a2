// Tensors of another dtype or on another device; tensors written to by numbers; devices by name.

extension JIT.Builtins {
  static let tensorConversions = family {
    JIT.Builtin(
      "aten::to.other(Tensor(a) self, Tensor other, bool non_blocking=False, bool copy=False, MemoryFormat? memory_format=None) -> Tensor(a)"
    ) { (x: Tensor, other: Tensor, _: Bool, copy: Bool, _: Int?) in converted(x, other.device, other.dtype, copy) }
    JIT.Builtin(
      "aten::to.dtype_layout(Tensor(a) self, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None, bool non_blocking=False, bool copy=False, MemoryFormat? memory_format=None) -> Tensor(a)"
    ) { (x: [JIT.IValue]) -> JIT.IValue in
      .tensor(converted(try Tensor.read(x[0]), try Device?.read(x[3]), try DType?.read(x[1]), try Bool.read(x[6])))
    }
    JIT.Builtin(
      "aten::to.prim_Device(Tensor(a) self, Device? device, int? dtype=None, bool non_blocking=False, bool copy=False) -> Tensor(b|a)"
    ) { (x: Tensor, device: Device?, dtype: DType?, _: Bool, copy: Bool) in converted(x, device, dtype, copy) }
    JIT.Builtin(
      "aten::to.prim_dtype(Tensor(a) self, int? dtype=None, bool non_blocking=False, bool copy=False) -> Tensor(b|a)"
    ) { (x: Tensor, dtype: DType?, _: Bool, copy: Bool) in converted(x, nil, dtype, copy) }
    JIT.Builtin("aten::to.prim_other(Tensor(a) self, bool non_blocking=False, bool copy=False) -> Tensor(b|a)") {
      (x: Tensor, _: Bool, copy: Bool) in
      converted(x, nil, nil, copy)
    }
    JIT.Builtin(
      "aten::type(Tensor self, int dtype, bool non_blocking=False, bool copy=False) -> Tensor"
    ) { (x: Tensor, dtype: DType, _: Bool, copy: Bool) in converted(x, nil, dtype, copy) }
    JIT.Builtin("aten::type_as(Tensor self, Tensor other) -> Tensor") { (x: Tensor, other: Tensor) in
      converted(x, other.device, other.dtype, false)
    }
    JIT.Builtin("aten::cpu(Tensor(a) self) -> Tensor(b|a)") { (x: Tensor) in x.cpu() }
    JIT.Builtin("aten::cuda(Tensor(a) self) -> Tensor(b|a)") { (x: Tensor) in x.to(.cuda()) }
    forwarding("aten::copy_.Tensor(Tensor(a!) self, Tensor other) -> Tensor(a!)", to: "aten::copy_")
    JIT.Builtin("aten::copy_.int(Tensor(a!) self, int other) -> Tensor(a!)") { (x: Tensor, value: Int) in
      x.fill_(.int(value))
    }
    JIT.Builtin("aten::copy_.float(Tensor(a!) self, float other) -> Tensor(a!)") { (x: Tensor, value: Double) in
      x.fill_(.double(value))
    }
    JIT.Builtin("aten::device(str a) -> Device") { (name: String) in try Device(name) }
    JIT.Builtin("aten::device.with_index(str type, int index) -> Device") { (type: String, index: Int) in
      try Device("\(type):\(index)")
    }
    JIT.Builtin("prim::type(Device self) -> str") { (device: Device) in device.kind.rawValue }
    JIT.Builtin("prim::index(Device self) -> int?") { (device: Device) in device.index }
    JIT.Builtin("prim::data(Tensor(a) a) -> Tensor(a)") { (x: Tensor) in x.detach() }
    JIT.Builtin("aten::data(Tensor self) -> Tensor") { (x: Tensor) in x.detach() }
  }

  private static func converted(_ x: Tensor, _ device: Device?, _ dtype: DType?, _ copy: Bool) -> Tensor {
    var result = x
    if let device { result = result.to(device) }
    if let dtype { result = result.to(dtype) }
    return copy && result === x ? x.clone() : result
  }
}
