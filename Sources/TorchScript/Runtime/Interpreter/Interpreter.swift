// Runs code: a loop over instructions, with a stack of frames of its own, so that deep calls cost memory and not the
// thread's stack.

extension JIT {
  struct Interpreter {
    private struct Frame {
      let code: Code
      var position: Int
      var registers: [IValue]
      /// Where the caller's instruction wants what this frame returns.
      let call: FunctionCall?
    }

    /// Calls within calls, as Python limits them.
    static let recursionLimit = 1000

    private let scope: ErrorScope
    /// The callers of what runs now.
    private var frames: [Frame] = []
    private var code: Code
    private var position = 0
    private var registers: [IValue]
    /// The call that this frame answers.
    private var call: FunctionCall?
    /// Arguments of the operator that is called next which are quantized tensors or lists of some; see `deferred`.
    private var quantized: [IValue] = []
    /// Objects whose `with` blocks are open.
    private var entered: [ScriptObject] = []

    /// Runs `code` with an argument for each of its parameters.
    ///
    /// The first error of an operator, or of an expression within one, ends the run; it carries the calls that led to it.
    static func run(_ code: Code, _ arguments: [IValue]) throws -> IValue {
      let scope = ErrorScope()
      return try ErrorScope.$current.withValue(scope) {
        var interpreter = Interpreter(code, arguments, scope)
        let recordsGradients = ThreadModes.recordsGradients
        do {
          return try interpreter.loop()
        } catch {
          let failure = interpreter.located(error)
          interpreter.leaveAll()
          ThreadModes.recordsGradients = recordsGradients
          throw failure
        }
      }
    }

    private init(_ code: Code, _ arguments: [IValue], _ scope: ErrorScope) {
      self.code = code
      self.scope = scope
      registers = Interpreter.registers(for: code, arguments)
    }

    private static func registers(for code: Code, _ arguments: consuming [IValue]) -> [IValue] {
      var registers = arguments
      registers.reserveCapacity(code.registerCount)
      while registers.count < code.registerCount { registers.append(.none) }
      return registers
    }

    // MARK: Registers

    @inline(__always)
    private mutating func read(_ operand: Operand) -> IValue {
      if let index = operand.constant { return code.constants[index] }
      guard operand.isLastUse else { return registers[operand.register] }
      var value = IValue.none
      swap(&value, &registers[operand.register])
      return value
    }

    private mutating func read(_ operands: [Operand]) -> [IValue] {
      var values: [IValue] = []
      values.reserveCapacity(operands.count)
      for operand in operands { values.append(read(operand)) }
      return values
    }

    private mutating func write(_ values: [IValue], to results: [Register?]) {
      for (value, register) in zip(values, results) {
        if let register { registers[register] = value }
      }
    }

    // MARK: The loop

    private mutating func loop() throws -> IValue {
      while true {
        let instruction = code.instructions[position]
        position += 1
        switch instruction {
        case .callOperator(let call): try callOperator(call)
        case .compute(let computation): try compute(computation)
        case .callFunction(let call): try enter(call)
        case .getAttribute(let slot, let object, let result):
          guard case .object(let object) = read(object) else { throw noObject }
          registers[result] = object[slot]
        case .setAttribute(let slot, let object, let value):
          guard case .object(let object) = read(object) else { throw noObject }
          object[slot] = read(value)
        case .list(let element, let items, let result):
          registers[result] = .list(ListObject(element, read(items)))
        case .tuple(let type, let items, let result):
          registers[result] = .tuple(TupleObject(read(items), type: type))
        case .unpack(let packed, let results): try unpack(read(packed), to: results)
        case .move(let operands, let results):
          if operands.count == 1 {
            registers[results[0]] = read(operands[0])
          } else {
            let values = read(operands)
            for (value, register) in zip(values, results) { registers[register] = value }
          }
        case .drop(let list):
          for register in list { registers[register] = .none }
        case .jump(let target): position = target
        case .jumpUnless(let condition, let target):
          guard let isTrue = read(condition).condition else { throw noCondition }
          if !isTrue { position = target }
        case .testLoop(let round, let limit, let condition, let end):
          guard case .int(let count) = registers[round], let limit = read(limit).int,
            let goesOn = read(condition).condition
          else { throw noCondition }
          if count >= limit || !goesOn { position = end }
        case .nextRound(let round, let top):
          if case .int(let count) = registers[round] { registers[round] = .int(count + 1) }
          position = top
        case .return(let operands):
          if let result = leave(operands) { return result }
        }
      }
    }

    // MARK: Calls

    private mutating func callOperator(_ call: OperatorCall) throws {
      var arguments = call.template
      for hole in call.holes { arguments[hole.index] = try boxed(hole.argument) }
      if !quantized.isEmpty { return try callQuantized(call, arguments) }
      let results: [Value]
      do {
        results = try call.op.callUnscoped(arguments)
        try scope.check()
      } catch let error as TorchError {
        throw error.inOperator(call.op.name, arguments.flatMap(\.tensors))
      }
      for (i, result) in results.enumerated() {
        if let register = call.results[i] { registers[register] = IValue(result, call.returns[i]) }
      }
    }

    private mutating func boxed(_ argument: OperatorCall.Argument) throws -> Value {
      switch argument {
      case .value(let operand):
        let value = read(operand)
        do { return try value.boxed() } catch where value.isQuantized { return deferred(value) }
      case .list(let items):
        var values: [Value] = []
        values.reserveCapacity(items.count)
        for item in items { values.append(try boxed(item)) }
        return .list(values)
      }
    }

    // MARK: Quantized tensors

    /// Operators' values have no quantized tensors: a text stands for one until all arguments are there.
    private mutating func deferred(_ value: IValue) -> Value {
      quantized.append(value)
      return .string("\(Interpreter.deferredMark)\(quantized.count - 1)")
    }

    private static let deferredMark = "\0quantized "

    private mutating func callQuantized(_ call: OperatorCall, _ arguments: [Value]) throws {
      let values = quantized
      quantized.removeAll()
      func restored(_ value: Value, _ type: ScriptType?) -> IValue {
        switch value {
        case .string(let text) where text.hasPrefix(Interpreter.deferredMark):
          return Int(text.dropFirst(Interpreter.deferredMark.count)).map { values[$0] } ?? .string(text)
        case .list(let items):
          guard case .list(let element)? = type?.withoutOptional else { return IValue(value, type) }
          return .list(ListObject(element, items.map { restored($0, element) }))
        default: return IValue(value, type)
        }
      }
      let parameters = Signature.cached(call.op).parameters
      let all = zip(arguments, parameters).map { restored($0, $1.type) }
      do {
        let result = try QuantizedOperators.call(call.op.schema.name, all, Builtins.calling(call.op.name))
        try scope.check()
        write(call.results.count == 1 ? [result] : result.elements ?? [], to: call.results)
      } catch let error as TorchError {
        throw error.inOperator(call.op.name, [])
      }
    }

    private mutating func compute(_ computation: Computation) throws {
      let result = try computation.body(read(computation.arguments))
      try scope.check()
      switch computation.results.count {
      case 0: break
      case 1: if let register = computation.results[0] { registers[register] = result }
      default: write(result.elements ?? [], to: computation.results)
      }
    }

    private mutating func enter(_ call: FunctionCall) throws {
      var arguments = read(call.arguments)
      let callee: Function
      switch call.callee {
      case .function(let function): callee = function
      case .method(let name):
        guard let object = arguments.first?.object else { throw noObject }
        guard let method = object.type.method(name) else {
          throw TorchError(.state, "'\(object.type.qualifiedName)' object has no method '\(name)'")
        }
        callee = method
      case .argument:
        guard case .function(let function) = arguments.removeFirst() else { throw noFunction }
        callee = function
      }
      switch call.scope {
      case .enter: if let object = arguments[0].object { entered.append(object) }
      case .exit:
        _ = entered.popLast()
        // `prim::Exit` is given the object alone: no exception is on its way.
        while arguments.count < (try callee.code()).parameterCount { arguments.append(.none) }
      case nil: break
      }
      let target = try callee.code()
      guard arguments.count == target.parameterCount else {
        throw TorchError(
          .type, "\(callee.name)() expected \(target.parameterCount) argument(s) but received \(arguments.count)")
      }
      guard frames.count < Interpreter.recursionLimit else {
        throw TorchError(.state, "maximum recursion depth exceeded")
      }
      frames.append(Frame(code: code, position: position, registers: registers, call: self.call))
      code = target
      position = 0
      registers = Interpreter.registers(for: target, arguments)
      self.call = call
    }

    /// Goes back to the caller; what the outermost call returns is the run's result.
    private mutating func leave(_ operands: [Operand]) -> IValue? {
      let values = read(operands)
      let results = call?.results ?? []
      guard var caller = frames.popLast() else { return values.asResult }
      code = caller.code
      position = caller.position
      // Swapped, so that nobody else holds the registers that are written to next.
      swap(&registers, &caller.registers)
      call = caller.call
      if results.count == values.count {
        write(values, to: results)
      } else {
        write([values.asResult], to: results)
      }
      return nil
    }

    private mutating func unpack(_ packed: IValue, to results: [Register?]) throws {
      guard let items = packed.elements else { throw packed.mismatch("Tuple") }
      guard items.count == results.count else {
        throw TorchError(
          .value, "Expected \(results.count) elements in a list but found \(items.count)")
      }
      write(items, to: results)
    }

    // MARK: Errors

    /// The error with the calls that were under way.
    private func located(_ error: any Error) -> any Error {
      guard let error = error as? TorchError else { return error }
      let running = frames.map { ($0.code, $0.position) } + [(code, position)]
      return error.inScript(
        running.map { TorchError.ScriptCall(function: $0.name, source: $0.sources[$1 - 1]) })
    }

    /// Ends all `with` blocks, as an exception that passes through them does. What fails then is not the first error.
    private mutating func leaveAll() {
      while let object = entered.popLast() {
        guard let exit = object.type.method("__exit__"), let code = try? exit.code() else { continue }
        let none = Array(repeating: IValue.none, count: max(0, code.parameterCount - 1))
        _ = try? Interpreter.run(code, [.object(object)] + none)
      }
    }

    private var noObject: TorchError { TorchError(.type, "expected an object") }
    private var noFunction: TorchError { TorchError(.type, "expected a function") }
    private var noCondition: TorchError { TorchError(.type, "the condition of an if or a loop is no bool") }
  }
}

extension JIT.IValue {
  @inline(__always)
  fileprivate var condition: Bool? { if case .bool(let value) = self { value } else { nil } }
}

extension [JIT.IValue] {
  /// What a function with these results returns.
  fileprivate var asResult: JIT.IValue { count == 1 ? self[0] : isEmpty ? .none : .tuple(self) }
}

extension Value {
  /// The tensors that the value is or has in it.
  fileprivate var tensors: [Tensor] {
    switch self {
    case .tensor(let tensor): [tensor]
    case .list(let values): values.flatMap(\.tensors)
    default: []
    }
  }
}
