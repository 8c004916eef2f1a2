// Where a tensor's elements live.

/// A compute device: `.cpu`, `.cuda(0)`.
public struct Device: Sendable, Hashable, CustomStringConvertible {
  public enum Kind: String, Sendable, Hashable { case cpu, cuda, meta }

  public let kind: Kind
  /// The number among devices of one kind; nil where there is only one or the current one is meant.
  public let index: Int?

  public init(_ kind: Kind, index: Int? = nil) {
    self.kind = kind
    self.index = index
  }

  /// The device `text` names: `cpu`, `cuda`, `cuda:1`.
  /// - Throws: `TorchError` of kind `.device` with PyTorch's wording where it names none.
  public init(_ text: String) throws {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard let first = parts.first, let kind = Kind(rawValue: String(first)), parts.count <= 2 else {
      throw TorchError(.device, "Expected one of cpu, cuda, meta device type at start of device string: \(text)")
    }
    if parts.count == 2 {
      guard let index = Int(parts[1]), index >= 0 else { throw TorchError(.device, "Invalid device string: '\(text)'") }
      self.init(kind, index: index)
    } else {
      self.init(kind)
    }
  }

  public static let cpu = Device(.cpu)
  public static func cuda(_ index: Int = 0) -> Device { Device(.cuda, index: index) }

  public var description: String { index.map { "\(kind.rawValue):\($0)" } ?? kind.rawValue }
}
