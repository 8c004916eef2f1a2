// Whether a call's arguments fit a signature, and what has to be done to make them fit.
//
// A signature is tried twice: with the arguments as they are, and then with the conversions that PyTorch does unasked
// (a tensor of one element where a number is wanted, a string where a device is). Nothing is added to the graph before it is
// clear what is called.
// Reference: torch/csrc/jit/frontend/schema_matching.cpp of PyTorch.

extension JIT {
  /// An argument of a call.
  struct CallArgument {
    /// Of a keyword argument.
    let name: String?
    let value: GraphValue

    init(_ value: GraphValue, name: String? = nil) {
      self.name = name
      self.value = value
    }
  }

  /// How an argument becomes what a parameter takes.
  indirect enum Fit {
    case value(GraphValue)
    case constant(IValue, ScriptType)
    case list(ScriptType, [Fit])
    /// The elements of a tuple, each made to fit, as a list or as a tuple.
    case elements(GraphValue, [Fit], ScriptType)
    /// Stands for an element of the tuple that is taken apart around it.
    case element(Int, ScriptType)
    case emptyDict(ScriptType)
    /// A conversion by an operator.
    case call(String, Fit, ScriptType)
  }

  struct Match {
    let fits: [Fit]
    let returns: [ScriptType]
  }

  enum Matching {
    case match(Match)
    /// Why it does not fit.
    case failure(String)
  }
}

extension JIT.ScriptType {
  /// The type of what a missing operator would have given.
  static let unknown = JIT.ScriptType.variable("?")
  var isUnknown: Bool { self == .unknown }
}

extension JIT.Signature {
  /// Tries the signature with `arguments`; `receiver` is what a method is called on.
  func matching(
    _ arguments: [JIT.CallArgument], receiver: JIT.GraphValue?, converting: Bool, isOperator: Bool = true
  ) -> JIT.Matching {
    var positional = arguments.filter { $0.name == nil }.map(\.value)[...]
    let keywords = arguments.filter { $0.name != nil }
    var used: Set<String> = []
    var variables: [String: JIT.ScriptType] = [:]
    var fits: [JIT.Fit] = []
    var receiver = receiver
    for (i, parameter) in parameters.enumerated() {
      let isLast = i + 1 == parameters.count || parameters[i + 1].isKeywordOnly
      var argument: JIT.GraphValue?
      if parameter.name == "self", let object = receiver, !parameter.isKeywordOnly {
        argument = object
        receiver = nil
      } else if !parameter.isKeywordOnly, let next = positional.first {
        // The last list may be given by its elements: `x.view(2, 3)`.
        if isOperator, isLast, parameter.broadcastLength == nil, case .list(let element) = parameter.type,
          !next.type.isListLike, !element.isVariable
        {
          var elements: [JIT.Fit] = []
          var trial = variables
          for value in positional {
            guard let fit = JIT.Fit.of(value, as: element, converting, &trial) else { break }
            elements.append(fit)
          }
          if elements.count == positional.count {
            variables = trial
            fits.append(.list(element.substituting(variables), elements))
            positional = []
            continue
          }
        }
        argument = positional.removeFirst()
      } else if let keyword = keywords.first(where: { $0.name == parameter.name }) {
        used.insert(parameter.name)
        argument = keyword.value
      }
      if let argument {
        if keywords.contains(where: { $0.name == parameter.name }), !used.contains(parameter.name) {
          return .failure("argument '\(parameter.name)' specified twice.")
        }
        if let fit = JIT.Fit.of(argument, as: parameter, converting, &variables) {
          fits.append(fit)
        } else {
          let wanted = parameter.type.substituting(variables)
          return .failure(
            "Expected a value of type '\(wanted)' for argument '\(parameter.name)' but instead found type "
              + "'\(argument.type)'.")
        }
      } else if let standard = parameter.defaultValue {
        fits.append(.constant(standard, parameter.type.substituting(variables)))
      } else {
        return .failure("Argument \(parameter.name) not provided.")
      }
    }
    if isVariadic {
      fits += positional.map { .value($0) }
      positional = []
    }
    if !positional.isEmpty || receiver != nil {
      let given = arguments.count { $0.name == nil } + (receiver != nil ? 1 : 0)
      let most = parameters.count { !$0.isKeywordOnly }
      return .failure("Expected at most \(most) arguments but found \(given) positional arguments.")
    }
    for keyword in keywords where !used.contains(keyword.name!) {
      return .failure("Unknown keyword argument '\(keyword.name!)'.")
    }
    return .match(JIT.Match(fits: fits, returns: returns.map { $0.substituting(variables) }))
  }
}

extension JIT.Fit {
  static func of(
    _ value: JIT.GraphValue, as parameter: JIT.Signature.Parameter, _ converting: Bool,
    _ variables: inout [String: JIT.ScriptType]
  ) -> JIT.Fit? {
    // One number where a list of fixed length is wanted.
    if let length = parameter.broadcastLength, case .list(let element) = parameter.type.withoutOptional,
      value.type == element, element == .int || element == .float || element == .bool
    {
      return .list(element, Array(repeating: .value(value), count: length))
    }
    return of(value, as: parameter.type, converting, &variables)
  }

  /// How `value` becomes a `type`; nil where it cannot.
  static func of(
    _ value: JIT.GraphValue, as type: JIT.ScriptType, _ converting: Bool, _ variables: inout [String: JIT.ScriptType]
  ) -> JIT.Fit? {
    of(.value(value), value.type, value, as: type, converting, &variables)
  }

  private static func of(
    _ fit: JIT.Fit, _ given: JIT.ScriptType, _ source: JIT.GraphValue?, as type: JIT.ScriptType, _ converting: Bool,
    _ variables: inout [String: JIT.ScriptType]
  ) -> JIT.Fit? {
    if given.isUnknown || type.isUnknown { return fit }
    if case .optional(let inner) = type, given != .none {
      if case .optional = given {
      } else {
        return of(fit, given, source, as: inner, converting, &variables)
      }
    }
    var trial = variables
    if given.matches(type, &trial) {
      variables = trial
      return fit
    }
    // `[]` is a list of whatever is wanted.
    if case .list(let element) = type, let node = source?.definition, node.isUntypedEmpty, case .list = given {
      return .list(element.substituting(variables), [])
    }
    if case .dict = type, let node = source?.definition, node.isUntypedEmpty, case .dict = given {
      return .emptyDict(type.substituting(variables))
    }
    let elements: [JIT.ScriptType]? =
      switch given {
      case .tuple(let types): types
      case .namedTuple(let named): named.fields.map(\.type)
      default: nil
      }
    if let elements, let source {
      switch type {
      case .list(let element):
        var fits: [JIT.Fit] = []
        for (i, elementType) in elements.enumerated() {
          guard let fit = of(.element(i, elementType), elementType, nil, as: element, converting, &variables) else {
            return nil
          }
          fits.append(fit)
        }
        return .elements(source, fits, .list(element.substituting(variables)))
      case .tuple(let wanted) where wanted.count == elements.count:
        var fits: [JIT.Fit] = []
        for (i, elementType) in elements.enumerated() {
          guard let fit = of(.element(i, elementType), elementType, nil, as: wanted[i], converting, &variables) else {
            return nil
          }
          fits.append(fit)
        }
        return .elements(source, fits, type.substituting(variables))
      default: break
      }
    }
    guard converting else { return nil }
    switch (given, type) {
    case (.tensor, .float): return .call("aten::FloatImplicit", fit, .float)
    case (.tensor, .int): return .call("aten::IntImplicit", fit, .int)
    case (.tensor, .complex): return .call("aten::ComplexImplicit", fit, .complex)
    case (.tensor, .number): return .call("aten::ScalarImplicit", fit, .number)
    case (.number, .float), (.bool, .float): return .call("aten::Float", fit, .float)
    case (.number, .int), (.bool, .int): return .call("aten::Int", fit, .int)
    case (.number, .complex): return .call("aten::Complex", fit, .complex)
    case (.string, .device): return .call("aten::device", fit, .device)
    default: return nil
    }
  }
}

extension JIT.ScriptType {
  fileprivate var isListLike: Bool {
    switch self {
    case .list, .none: true
    case .optional(.list): true
    case .tuple, .namedTuple: true
    default: isUnknown
    }
  }
}

extension JIT.ScriptType {
  fileprivate var isVariable: Bool { if case .variable = self { true } else { false } }
}

extension JIT.Node {
  /// `[]` or `{}` in the source, without a word about what it holds.
  var isUntypedEmpty: Bool { attributes["untyped"] != nil && inputs.isEmpty }
}
