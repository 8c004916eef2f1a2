// The classes in which PyTorch keeps weights for its quantized kernels. PyTorch has them in C++; here they are script classes.
//
// Archives hold their objects with the state that `__setstate__` takes. How weights are packed is nobody's business: a
// weight stays the quantized (or, for float16 kernels, plain) tensor that it was.
// Reference: aten/src/ATen/native/quantized/cpu/fbgemm_utils.cpp, aten/src/ATen/native/RNN.cpp of PyTorch.

extension JIT {
  package enum PackedParameters {
    package static let prefix = "__torch__.torch.classes."
    static let linear = prefix + "quantized.LinearPackedParamsBase"
    static let cell = prefix + "rnn.CellParamsBase"
    static let embedding = prefix + "quantized.EmbeddingPackedParamsBase"

    /// The class for weights of convolutions of two or three dimensions; those of one dimension are kept as ones of two.
    static func convolution(_ rank: Int) -> String { "\(prefix)quantized.Conv\(rank)dPackedParamsBase" }

    /// The class of this qualified name with its methods; nil where there is none.
    package static func type(_ name: String) -> ClassType? {
      guard let type = declared(name) else { return nil }
      _ = methods
      return type
    }

    /// The same, maybe without its methods: schemas of builtins name classes, whose methods call builtins.
    package static func declared(_ name: String) -> ClassType? { types[name] }

    /// An object of the class `name` with these attributes.
    static func object(_ name: String, _ attributes: [String: IValue]) -> IValue {
      let object = ScriptObject(type(name)!)
      for (name, value) in attributes { object[name] = value }
      return .object(object)
    }

    // MARK: Classes

    // Filled once; classes do not change after that.
    nonisolated(unsafe) private static let types: [String: ClassType] = {
      let weights = ScriptType.object(make(linear, [("weight_", .tensor), ("bias_", .optional(.tensor))]))
      guard case .object(let linearType) = weights else { return [:] }
      let convolutions = [2, 3].map {
        make(convolution($0), [("weight_", .tensor), ("bias_", .optional(.tensor)), ("config", .list(.int))])
      }
      let cells = make(
        cell, [("kind", .string), ("reduce_range", .bool), ("w_ih", weights), ("w_hh", weights)])
      let embeddings = make(embedding, [("weight_", .tensor), ("bits", .int)])
      return Dictionary(uniqueKeysWithValues: ([linearType, cells, embeddings] + convolutions).map { ($0.qualifiedName, $0) })
    }()

    private static func make(_ name: String, _ attributes: [(String, ScriptType)]) -> ClassType {
      let type = ClassType(name, isModule: false)
      for (name, attribute) in attributes { type.add(.init(name, attribute)) }
      return type
    }

    private static let methods: Void = {
      let unit = CompilationUnit(constants: [], knowsPackedParameters: false) { _ in nil }
      for (name, type) in types {
        unit.register(.type(.object(type)), name)
      }
      do {
        try unit.define(linearMethods, in: types[linear]!)
        try unit.define(cellMethods, in: types[cell]!)
        try unit.define(embeddingMethods, in: types[embedding]!)
        for rank in [2, 3] { try unit.define(convolutionMethods(rank), in: types[convolution(rank)]!) }
      } catch {
        preconditionFailure("packed parameters: \(error)")
      }
      precondition(unit.missing.isEmpty, "packed parameters call \(unit.missing), which nothing knows")
    }()

    private static let linearMethods = """
      def __setstate__(self, state: Tuple[Tensor, Optional[Tensor]]) -> None:
        self.weight_ = state[0]
        self.bias_ = state[1]
      def unpack(self) -> Tuple[Tensor, Optional[Tensor]]:
        return self.weight_, self.bias_
      def bias(self) -> Optional[Tensor]:
        return self.bias_
      """

    /// The state is a version, the weight, no floats, and the bits of its values.
    private static let embeddingMethods = """
      def __setstate__(self, state: Tuple[int, List[Tensor], List[float], List[int]]) -> None:
        self.weight_ = state[1][0]
        self.bits = state[3][0]
      def unpack(self) -> Tensor:
        return self.weight_
      def bit_rate(self) -> int:
        return self.bits
      def version(self) -> int:
        return 1
      """

    /// The numbers are, after the rank, stride, padding, dilation and output padding, the groups, and whether it is transposed.
    private static func convolutionMethods(_ rank: Int) -> String {
      """
      def __setstate__(self, state: Tuple[str, List[Tensor], List[Optional[Tensor]]]) -> None:
        config: List[int] = []
        numbers = state[1][0]
        for i in range(1, numbers.size(0)):
          config.append(int(numbers[i]))
        self.config = config
        self.weight_ = state[1][1]
        self.bias_ = state[2][0]
      def unpack(self) -> Tuple[Tensor, Optional[Tensor]]:
        return self.weight_, self.bias_
      def weight(self) -> Tensor:
        return self.weight_
      def bias(self) -> Optional[Tensor]:
        return self.bias_
      def stride(self) -> List[int]:
        return self.config[0:\(rank)]
      def padding(self) -> List[int]:
        return self.config[\(rank):\(2 * rank)]
      def dilation(self) -> List[int]:
        return self.config[\(2 * rank):\(3 * rank)]
      def output_padding(self) -> List[int]:
        return self.config[\(3 * rank):\(4 * rank)]
      def groups(self) -> int:
        return self.config[\(4 * rank)]
      def transpose(self) -> bool:
        return self.config[\(4 * rank + 1)] != 0
      """
    }

    /// The weights of the input and of the hidden state; biases are with the weights.
    private static let cellMethods = """
      def __setstate__(self, state: Tuple[str, List[Tensor], List[float], List[int], List[\(linear)]]) -> None:
        self.kind = state[0]
        flags = state[3]
        self.reduce_range = flags[0] != 0 if len(flags) > 0 else False
        self.w_ih = state[4][0]
        self.w_hh = state[4][1]
      """
  }
}
