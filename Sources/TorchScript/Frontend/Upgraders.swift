// What calls in old archives mean: operators that have changed since the archive was written.
//
// An archive says in `version` which version of the operators its code means. A call of an operator that has changed
// since then is matched against the old schema and runs the operator's upgrader, a TorchScript function that does with today's
// operators what the old one did. Archives of programs that call none of these operators have the version 3.
// Reference: torch/csrc/jit/operator_upgraders (version_map.cpp, upgraders_entry.cpp) of PyTorch.

extension JIT {
  /// An operator as it was before a version of the format.
  struct Upgrader {
    /// Archives of this version mean the new operator.
    let until: Int
    let schema: Schema
    let function: Function

    /// The upgraders of an operator whose name has no overload, for an archive of this version; nil is today's.
    static func named(_ name: String, version: Int?) -> [Upgrader] {
      guard let version else { return [] }
      return table[name]?.filter { version < $0.until } ?? []
    }

    /// Whether the schema is that of an operator, overload included.
    func replaces(_ other: Schema) -> Bool { schema.name == other.name && schema.overload == other.overload }

    // Filled once and only read after that; a compiled function does not change.
    nonisolated(unsafe) private static let table: [String: [Upgrader]] = {
      let qualifier = "__torch__.upgraders"
      let unit = CompilationUnit(constants: []) { $0 == qualifier ? source : nil }
      let upgraders = entries.map { until, name, schema in
        do {
          return Upgrader(
            until: until, schema: Schema(schema), function: try unit.function(named: "\(qualifier).\(name)"))
        } catch {
          preconditionFailure("the upgrader \(name): \(error)")
        }
      }
      precondition(unit.missing.isEmpty, "upgraders call \(unit.missing), which nothing knows")
      return Dictionary(grouping: upgraders) { $0.schema.name }
    }()

    private static let entries: [(until: Int, name: String, schema: String)] = [
      (4, "div_Tensor_0_3", "aten::div.Tensor(Tensor self, Tensor other) -> Tensor"),
      (4, "div_Scalar_0_3", "aten::div.Scalar(Tensor self, Scalar other) -> Tensor"),
      (
        4, "div_Tensor_mode_0_3",
        "aten::div.Tensor_mode(Tensor self, Tensor other, *, str? rounding_mode) -> Tensor"
      ),
      (
        4, "div_Scalar_mode_0_3",
        "aten::div.Scalar_mode(Tensor self, Scalar other, *, str? rounding_mode) -> Tensor"
      ),
      (4, "div_out_0_3", "aten::div.out(Tensor self, Tensor other, *, Tensor(a!) out) -> Tensor(a!)"),
      (
        4, "div_out_mode_0_3",
        "aten::div.out_mode(Tensor self, Tensor other, *, str? rounding_mode, Tensor(a!) out) -> Tensor(a!)"
      ),
      (4, "div__Tensor_0_3", "aten::div_.Tensor(Tensor(a!) self, Tensor other) -> Tensor(a!)"),
      (4, "div__Scalar_0_3", "aten::div_.Scalar(Tensor(a!) self, Scalar other) -> Tensor(a!)"),
      (
        4, "div__Tensor_mode_0_3",
        "aten::div_.Tensor_mode(Tensor(a!) self, Tensor other, *, str? rounding_mode) -> Tensor(a!)"
      ),
      (
        4, "div__Scalar_mode_0_3",
        "aten::div_.Scalar_mode(Tensor(a!) self, Scalar other, *, str? rounding_mode) -> Tensor(a!)"
      ),
      (
        5, "full_0_4",
        "aten::full(int[] size, Scalar fill_value, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, "
          + "bool? pin_memory=None) -> Tensor"
      ),
      (5, "full_out_0_4", "aten::full.out(int[] size, Scalar fill_value, *, Tensor(a!) out) -> Tensor(a!)"),
      (
        8, "linspace_0_7",
        "aten::linspace(Scalar start, Scalar end, int? steps=None, *, ScalarType? dtype=None, Layout? layout=None, "
          + "Device? device=None, bool? pin_memory=None) -> Tensor"
      ),
      (
        8, "linspace_out_0_7",
        "aten::linspace.out(Scalar start, Scalar end, int? steps=None, *, Tensor(a!) out) -> Tensor(a!)"
      ),
      (
        9, "logspace_0_8",
        "aten::logspace(Scalar start, Scalar end, int? steps=None, float base=10.0, *, ScalarType? dtype=None, "
          + "Layout? layout=None, Device? device=None, bool? pin_memory=None) -> Tensor"
      ),
      (
        9, "logspace_out_0_8",
        "aten::logspace.out(Scalar start, Scalar end, int? steps=None, float base=10.0, *, Tensor(a!) out) -> Tensor(a!)"
      ),
      (10, "gelu_0_9", "aten::gelu(Tensor self) -> Tensor"),
      (10, "gelu_out_0_9", "aten::gelu.out(Tensor self, *, Tensor(a!) out) -> Tensor(a!)"),
    ]

    private static let source = """
      def div_Tensor_0_3(self: Tensor, other: Tensor) -> Tensor:
        if (torch.is_floating_point(self) or torch.is_floating_point(other)):
          return torch.true_divide(self, other)
        return torch.divide(self, other, rounding_mode='trunc')

      def div_Scalar_0_3(self: Tensor, other: number) -> Tensor:
        if (torch.is_floating_point(self) or isinstance(other, float)):
          return torch.true_divide(self, other)
        return torch.divide(self, other, rounding_mode='trunc')

      def div_Tensor_mode_0_3(self: Tensor, other: Tensor, rounding_mode: Optional[str]) -> Tensor:
        return torch.divide(self, other, rounding_mode=rounding_mode)

      def div_Scalar_mode_0_3(self: Tensor, other: number, rounding_mode: Optional[str]) -> Tensor:
        return torch.divide(self, other, rounding_mode=rounding_mode)

      def div_out_0_3(self: Tensor, other: Tensor, out: Tensor) -> Tensor:
        if (torch.is_floating_point(self) or torch.is_floating_point(other) or torch.is_floating_point(out)):
          return torch.true_divide(self, other, out=out)
        return torch.divide(self, other, rounding_mode='trunc', out=out)

      def div_out_mode_0_3(self: Tensor, other: Tensor, rounding_mode: Optional[str], out: Tensor) -> Tensor:
        return torch.divide(self, other, rounding_mode=rounding_mode, out=out)

      def div__Tensor_0_3(self: Tensor, other: Tensor) -> Tensor:
        if (torch.is_floating_point(self) or torch.is_floating_point(other)):
          return torch.true_divide_(self, other)
        return torch.divide_(self, other, rounding_mode='trunc')

      def div__Scalar_0_3(self: Tensor, other: number) -> Tensor:
        if (torch.is_floating_point(self) or isinstance(other, float)):
          return torch.true_divide_(self, other)
        return torch.divide_(self, other, rounding_mode='trunc')

      def div__Tensor_mode_0_3(self: Tensor, other: Tensor, rounding_mode: Optional[str]) -> Tensor:
        return torch.divide_(self, other, rounding_mode=rounding_mode)

      def div__Scalar_mode_0_3(self: Tensor, other: number, rounding_mode: Optional[str]) -> Tensor:
        return torch.divide_(self, other, rounding_mode=rounding_mode)

      def full_0_4(size: List[int], fill_value: number, dtype: Optional[int], layout: Optional[int],
                   device: Optional[Device], pin_memory: Optional[bool]) -> Tensor:
        if dtype is None:
          return torch.full(size, float(fill_value), dtype=dtype, layout=layout, device=device, pin_memory=pin_memory)
        return torch.full(size, fill_value, dtype=dtype, layout=layout, device=device, pin_memory=pin_memory)

      def full_out_0_4(size: List[int], fill_value: number, out: Tensor) -> Tensor:
        return torch.full(size, fill_value, out=out)

      def linspace_0_7(start: number, end: number, steps: Optional[int], dtype: Optional[int], layout: Optional[int],
                       device: Optional[Device], pin_memory: Optional[bool]) -> Tensor:
        count = 100 if steps is None else steps
        return torch.linspace(start, end, count, dtype=dtype, layout=layout, device=device, pin_memory=pin_memory)

      def linspace_out_0_7(start: number, end: number, steps: Optional[int], out: Tensor) -> Tensor:
        count = 100 if steps is None else steps
        return torch.linspace(start, end, count, out=out)

      def logspace_0_8(start: number, end: number, steps: Optional[int], base: float, dtype: Optional[int],
                       layout: Optional[int], device: Optional[Device], pin_memory: Optional[bool]) -> Tensor:
        count = 100 if steps is None else steps
        return torch.logspace(start, end, count, base, dtype=dtype, layout=layout, device=device, pin_memory=pin_memory)

      def logspace_out_0_8(start: number, end: number, steps: Optional[int], base: float, out: Tensor) -> Tensor:
        count = 100 if steps is None else steps
        return torch.logspace(start, end, count, base, out=out)

      def gelu_0_9(self: Tensor) -> Tensor:
        return torch.gelu(self, approximate='none')

      def gelu_out_0_9(self: Tensor, out: Tensor) -> Tensor:
        return torch.gelu(self, approximate='none', out=out)
      """
  }
}
