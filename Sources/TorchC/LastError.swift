// What went wrong in this thread's last call that failed.

import CTorch
import Foundation
import Torch

/// Mistakes in the use of the C face itself.
enum FaceError: Error {
  case handle(String)
  case argument(String)
}

/// The texts of a thread's last error.
final class LastError {
  fileprivate let kind: UnsafeMutablePointer<CChar>
  fileprivate let message: UnsafeMutablePointer<CChar>
  fileprivate let op: UnsafeMutablePointer<CChar>

  private init(_ kind: String, _ message: String, _ op: String = "") {
    self.kind = strdup(kind)
    self.message = strdup(message)
    self.op = strdup(op)
  }

  deinit {
    free(kind)
    free(message)
    free(op)
  }

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key) { if let texts = $0 { Unmanaged<LastError>.fromOpaque(texts).release() } }
    return key
  }()

  fileprivate static var current: LastError? {
    pthread_getspecific(key).map { Unmanaged<LastError>.fromOpaque($0).takeUnretainedValue() }
  }

  static func set(_ error: any Error) {
    let texts: LastError
    switch error {
    case let error as TorchError: texts = LastError(error.kind.rawValue, error.message, error.operatorDescription)
    case FaceError.handle(let message): texts = LastError("handle", message)
    case FaceError.argument(let message): texts = LastError("value", message)
    default: texts = LastError("state", "\(error)")
    }
    if let old = pthread_getspecific(key) { Unmanaged<LastError>.fromOpaque(old).release() }
    pthread_setspecific(key, Unmanaged.passRetained(texts).toOpaque())
  }
}

extension TorchError {
  fileprivate var operatorDescription: String {
    guard let op else { return "" }
    return "\(op) of " + zip(shapes, dtypes).map { "\($1.name)\($0.listDescription)" }.joined(separator: ", ")
  }
}

/// Runs the body of a function of the C face: its error, or that of a tensor expression in it, becomes the thread's last
/// one, and the result `failed`.
@inline(__always)
func protected<R>(_ failed: R, _ body: () throws -> R) -> R {
  do {
    return try withErrors(body)
  } catch {
    LastError.set(error)
    return failed
  }
}

/// The same for functions that return a status.
@inline(__always)
func protected(_ body: () throws -> Void) -> st_status {
  protected(-1) {
    try body()
    return 0
  }
}

/// What a caller must not leave out.
func required<T>(_ pointer: T?, _ name: String) throws -> T {
  guard let pointer else { throw FaceError.argument("'\(name)' must not be NULL") }
  return pointer
}

@_cdecl("st_error_kind")
public func errorKind() -> UnsafePointer<CChar>? { LastError.current.map { UnsafePointer($0.kind) } }

@_cdecl("st_error_message")
public func errorMessage() -> UnsafePointer<CChar>? { LastError.current.map { UnsafePointer($0.message) } }

@_cdecl("st_error_operator")
public func errorOperator() -> UnsafePointer<CChar>? { LastError.current.map { UnsafePointer($0.op) } }
