// Operator cases as they stand in their files: a straight-line program of boxed calls, and what it must give.
//
// The format is `opinfo-cases/1`: calls made from the sample inputs of PyTorch's own operator database, with the
// results, gradients, second gradients and errors PyTorch gave. Each operator has `NAME.json` and, for the elements of
// all its tensors, `NAME.safetensors`; `_index.json` lists them.

import Foundation

/// `_index.json`: the files of a folder of cases.
struct CaseIndex: Decodable {
  struct Entry: Decodable { let op, json, tensors: String }
  let files: [Entry]
}

/// `NAME.json`: the cases of one operator.
struct CaseFile: Decodable {
  let format: String
  let op: String
  let cases: [Case]
}

/// One call, or a short program, and what must come of it.
struct Case: Decodable {
  enum Kind: String, Decodable { case sample, noncontig, extremal, error }

  let id: String
  let kind: Kind
  let inputs: [StoredInput]
  let calls: [Call]
  let outputs: [Output]?
  let mutatedInputs: [MutatedInput]?
  let postCalls: [Call]?
  let postOutputs: [Output]?
  let grad: Gradient?
  let gradgrad: SecondGradient?
  let variants: Variants?
  let error: ExpectedError?
  let flags: [String]?

  /// Every operator that the case calls.
  var operators: [String] {
    (calls + (postCalls ?? [])).map(\.op) + [variants?.inplace, variants?.out].compactMap { $0 }
  }
}

struct Call: Decodable {
  let op: String
  let args: [Argument]
}

/// A tensor's dtype and geometry; its elements are in the safetensors file under `tensor`.
struct StoredInput: Decodable {
  let tensor, dtype: String
  let shape: [Int]
  let strides: [Int]?
  let storageOffset: Int?
  /// The elements are those of the whole storage, of which the tensor is a view.
  let storage: Bool?
  let requiresGrad: Bool?
}

/// What a value must be: a tensor to a tolerance, a number, only a dtype and sizes, or nothing.
struct Expectation: Decodable {
  let tensor, dtype: String?
  let shape, strides: [Int]?
  let rtol, atol: Double?
  let scalar: Number?
  let meta, none: Bool?

  enum CodingKeys: CodingKey { case tensor, dtype, shape, strides, rtol, atol, scalar, meta, none }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    tensor = try container.decodeIfPresent(String.self, forKey: .tensor)
    dtype = try container.decodeIfPresent(String.self, forKey: .dtype)
    shape = try container.decodeIfPresent([Int].self, forKey: .shape)
    strides = try container.decodeIfPresent([Int].self, forKey: .strides)
    rtol = try container.decodeIfPresent(Double.self, forKey: .rtol)
    atol = try container.decodeIfPresent(Double.self, forKey: .atol)
    meta = try container.decodeIfPresent(Bool.self, forKey: .meta)
    none = try container.decodeIfPresent(Bool.self, forKey: .none)
    scalar = container.contains(.scalar) ? try Number(from: decoder) : nil
  }
}

struct Output: Decodable {
  let ref: Reference
  let expect: Expectation
  let aliasOf: Int?
  let checkStrides, unordered: Bool?
}

struct MutatedInput: Decodable {
  let input: Int
  let expect: Expectation
}

/// What PyTorch says where the last call must fail.
struct ExpectedError: Decodable {
  /// The pattern that PyTorch's own test looks for in its message.
  let regex: String?
  let message: String?
}

/// A vector-Jacobian product.
struct Gradient: Decodable {
  let of: [Reference]
  let cotangents: [StoredInput]
  let inputs: [Int]
  let expect: [Expectation]
}

/// The vector-Jacobian product of gradients, by the inputs and by the cotangents of the first one.
struct SecondGradient: Decodable {
  let of: [Int]
  let cotangents: [StoredInput]
  let wrtInputs: [Int]
  let expectInputs, expectCotangents: [Expectation]
}

/// Overloads that must give the same values.
struct Variants: Decodable { let inplace, out: String? }

/// `{"input": i}` or `{"result": [call, return]}`, with a third number for an element of a list.
enum Reference: Decodable {
  case input(Int)
  case result(call: Int, item: Int, element: Int?)

  enum CodingKeys: CodingKey { case input, result }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if let i = try container.decodeIfPresent(Int.self, forKey: .input) {
      self = .input(i)
    } else {
      let path = try container.decode([Int].self, forKey: .result)
      self = .result(call: path[0], item: path[1], element: path.count > 2 ? path[2] : nil)
    }
  }
}
