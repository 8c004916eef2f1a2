// Switches of the thread and of the program, random generators, messages.
//
// None of them are pure: their results are not the arguments' alone.

extension JIT.Builtins {
  static let modes = family {
    JIT.Builtin("aten::is_grad_enabled() -> bool", pure: false) { () in torch.isGradEnabled }
    JIT.Builtin(procedure: "aten::set_grad_enabled(bool val) -> ()", pure: false) { (value: Bool) in
      ThreadModes.recordsGradients = value
    }
    JIT.Builtin("aten::is_autocast_enabled() -> bool", pure: false) { () in false }
    JIT.Builtin("aten::is_autocast_cpu_enabled() -> bool", pure: false) { () in false }
    JIT.Builtin("aten::get_autocast_dtype(str device_type) -> ScalarType", pure: false) { (device: String) -> DType in
      switch device {
      case "cpu": return .bfloat16
      case "cuda": return .float16
      default: throw TorchError(.device, "unknown device type for autocast in get_autocast_dtype: \(device)")
      }
    }
    // While a script runs, nothing is being traced.
    JIT.Builtin("aten::_get_tracing_state() -> bool") { () in false }
    JIT.Builtin("aten::_is_tracing() -> bool") { () in false }
    JIT.Builtin("aten::is_scripting() -> bool") { () in true }
    JIT.Builtin("aten::has_torch_function(...) -> bool") { (_: [JIT.IValue]) -> JIT.IValue in .bool(false) }
    JIT.Builtin("aten::_get_cpu_capability() -> str", pure: false) { () in "DEFAULT" }
    JIT.Builtin("prim::TimePoint() -> int", pure: false) { () -> Int in
      let passed = ContinuousClock().now - JIT.Builtins.start
      return Int(passed.components.seconds * 1_000_000_000 + passed.components.attoseconds / 1_000_000_000)
    }
    JIT.Builtin(procedure: "prim::AddStatValue(str key, int val) -> ()", pure: false) { (_: String, _: Int) in }
    JIT.Builtin("profiler::_record_function_enter(str name, str? args=None) -> Tensor", pure: false) {
      (_: String, _: String?) in
      Tensor.zeros([1])
    }
    JIT.Builtin(procedure: "profiler::_record_function_exit(Tensor handle) -> ()", pure: false) { (_: Tensor) in }
    messages
    generators
  }

  private static let start = ContinuousClock().now

  @Family private static var messages: [JIT.Builtin] {
    JIT.Builtin(procedure: "aten::warn(str message, int stacklevel=2) -> ()", pure: false) {
      (message: String, _: Int) in
      torch.warn(message)
    }
    for type in ["bool", "Tensor"] {
      JIT.Builtin(procedure: "aten::_assert.\(type)(\(type) condition, str message) -> ()", pure: false) {
        (condition: JIT.IValue, message: String) in
        let holds = try condition.bool ?? Tensor.read(condition).item().boolValue
        if !holds { throw TorchError(.value, "AssertionError: \(message)") }
      }
    }
    JIT.Builtin(procedure: "aten::_assert_int_or_pair(int[] vals, str name, str message) -> ()") {
      (_: List, _: String, _: String) in
    }
  }

  @Family private static var generators: [JIT.Builtin] {
    JIT.Builtin(procedure: "aten::manual_seed(int seed) -> ()", pure: false) { (seed: Int) in
      _ = Generator.default.manualSeed(UInt64(bitPattern: Int64(seed)))
    }
    JIT.Builtin("aten::manual_seed.generator(Generator(a!) self, int seed) -> Generator(a!)") {
      (generator: Generator, seed: Int) in
      generator.manualSeed(UInt64(bitPattern: Int64(seed)))
    }
    JIT.Builtin("aten::Generator(*, Device? device=None, int? seed=None) -> Generator", pure: false) {
      (device: Device?, seed: Int?) -> Generator in
      if let device, device.kind != .cpu { throw TorchError(.device, "Cannot get generator of device \(device)") }
      return seed.map { Generator(seed: UInt64(bitPattern: Int64($0))) } ?? Generator()
    }
    JIT.Builtin("aten::initial_seed(Generator self) -> int", pure: false) { (generator: Generator) in
      Int(bitPattern: UInt(generator.initialSeed))
    }
    JIT.Builtin("aten::seed(Generator(a!) self) -> int") { (generator: Generator) -> Int in
      let seed = UInt64.random(in: .min ... .max)
      generator.manualSeed(seed)
      return Int(bitPattern: UInt(seed))
    }
  }
}
