// What a graph runs as: a list of instructions on registers, made once (see CodeBuilder.swift).
//
// Goals, in order: a value is freed after its last use, a call costs little beside the operator it calls, and an error
// can say where in the source it happened.

extension JIT {
  /// The code of a function.
  final class Code: @unchecked Sendable {
    // Unchecked: immutable; constants are shared as a program's constants are.

    /// The function's name, for the calls that an error lists.
    let name: String
    let instructions: [Instruction]
    /// Where each instruction comes from in the source.
    let sources: [String?]
    let constants: [IValue]
    /// Arguments lie in the first registers.
    let parameterCount: Int
    let registerCount: Int

    init(
      name: String, instructions: [Instruction], sources: [String?], constants: [IValue], parameterCount: Int,
      registerCount: Int
    ) {
      self.name = name
      self.instructions = instructions
      self.sources = sources
      self.constants = constants
      self.parameterCount = parameterCount
      self.registerCount = registerCount
    }
  }

  typealias Register = Int

  /// Where an instruction finds a value: in a register, which it may empty because nobody reads it again, or among the
  /// constants.
  struct Operand {
    private let code: Int32

    static func constant(_ index: Int) -> Operand { Operand(code: ~Int32(index)) }
    static func register(_ register: Register, isLastUse: Bool) -> Operand {
      Operand(code: Int32(register) << 1 | (isLastUse ? 1 : 0))
    }

    var constant: Int? { code < 0 ? Int(~code) : nil }
    /// Of an operand that is no constant.
    var register: Register { Int(code >> 1) }
    var isLastUse: Bool { code & 1 != 0 }
  }

  enum Instruction {
    case callOperator(OperatorCall)
    case compute(Computation)
    case callFunction(FunctionCall)
    case getAttribute(slot: Int, of: Operand, to: Register)
    case setAttribute(slot: Int, of: Operand, Operand)
    case list(ScriptType, [Operand], to: Register)
    case tuple(NamedTupleType?, [Operand], to: Register)
    case unpack(Operand, to: [Register?])
    /// All operands are read before the first register is written.
    case move([Operand], to: [Register])
    case drop([Register])
    case jump(Int)
    case jumpUnless(Operand, Int)
    /// Goes on where a loop has another round, and jumps where it has none.
    case testLoop(round: Register, limit: Operand, condition: Operand, end: Int)
    case nextRound(Register, Int)
    case `return`([Operand])
  }

  /// A call of an operator by its handle.
  final class OperatorCall {
    let op: AnyOperator
    /// The arguments that are constants, with holes for the others.
    let template: [Value]
    let holes: [(index: Int, argument: Argument)]
    let returns: [ScriptType]
    let results: [Register?]

    /// A list that is made for one operator alone is handed over without becoming a value of the program.
    enum Argument {
      case value(Operand)
      case list([Argument])
    }

    init(
      _ op: AnyOperator, template: [Value], holes: [(index: Int, argument: Argument)], results: [Register?]
    ) {
      self.op = op
      self.template = template
      self.holes = holes
      self.results = results
      returns = Signature.cached(op).returns
    }
  }

  /// A builtin, or what the interpreter itself knows how to do with values. Several results come as a tuple.
  final class Computation {
    typealias Body = ([IValue]) throws -> IValue
    let body: Body
    let arguments: [Operand]
    let results: [Register?]

    init(_ arguments: [Operand], _ results: [Register?], _ body: @escaping Body) {
      self.arguments = arguments
      self.results = results
      self.body = body
    }
  }

  /// A call of a function or method.
  final class FunctionCall {
    enum Callee {
      case function(Function)
      /// A method of whatever class the first argument is of.
      case method(String)
      /// The first argument.
      case argument
    }

    /// What a `with` statement does at its ends.
    enum Scope { case enter, exit }

    let callee: Callee
    let arguments: [Operand]
    let results: [Register?]
    let scope: Scope?

    init(_ callee: Callee, _ arguments: [Operand], _ results: [Register?], scope: Scope? = nil) {
      self.callee = callee
      self.arguments = arguments
      self.results = results
      self.scope = scope
    }
  }
}
