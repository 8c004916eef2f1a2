// Finds builtin functions by name. Every family file has its list; this file lists the families.
//
// Reference: torch/csrc/jit/runtime/register_prim_ops.cpp and register_special_ops.cpp of PyTorch.

extension JIT {
  /// TorchScript's builtin functions.
  public enum Builtins {
    /// All overloads of a function (`aten::append`, `prim::min`) in the order in which a call tries them, which is
    /// PyTorch's.
    public static func named(_ qualifiedBaseName: String) -> [Builtin] { byName[qualifiedBaseName] ?? [] }

    /// The overload with this whole name: `aten::append.t`.
    public static func find(_ qualifiedName: String) -> Builtin? {
      let base = qualifiedName.prefix { $0 != "." }
      return named(String(base)).first { $0.name == qualifiedName }
    }

    /// Everything, family by family.
    public static let all: [Builtin] = families.flatMap { $0 }

    private static let byName = Dictionary(grouping: all, by: \.schema.name)

    /// The order counts only among overloads that the same arguments can fit.
    private static let families: [[Builtin]] = [
      modelOverloads, lists, elementLists, strings, stringSearch, stringPredicates, textFormatting,
      dictionaries, identities, comparisons, arithmetic, bits, mathFunctions, numberConversions, numbersWithTensors,
      tensorProperties, tensorConstruction, tensorConversions, indexing, shapes, modes, autograd, interpolation,
      encoderLayers, rotatedBoxes, quantized, quantizedRecurrence,
    ]

    /// A list of builtins, one declaration a line.
    @resultBuilder
    enum Family {
      static func buildExpression(_ builtin: Builtin) -> [Builtin] { [builtin] }
      static func buildExpression(_ builtins: [Builtin]) -> [Builtin] { builtins }
      static func buildBlock(_ parts: [Builtin]...) -> [Builtin] { parts.flatMap { $0 } }
      static func buildArray(_ parts: [[Builtin]]) -> [Builtin] { parts.flatMap { $0 } }
    }

    static func family(@Family _ build: () -> [Builtin]) -> [Builtin] { build() }
  }
}
