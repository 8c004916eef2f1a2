// The C functions as C sees them: by the header's prototypes, not by their Swift names.

import CTorch
import Foundation
import Testing

// Without it the functions' definitions are not linked.
import TorchC

@Suite struct TorchCTests {
  /// How often a deleter was called, for its context.
  private final class Counter { var count = 0 }

  private static let count: st_deleter = { Unmanaged<Counter>.fromOpaque($0!).takeUnretainedValue().count += 1 }

  private func tensor(_ memory: UnsafeMutablePointer<Float>, _ sizes: [Int64], _ strides: [Int64]?, _ counter: Counter)
    -> st_handle
  {
    st_tensor_from_memory(
      memory, Int32(ST_FLOAT32.rawValue), Int64(sizes.count), sizes, strides, TorchCTests.count,
      Unmanaged.passUnretained(counter).toOpaque())
  }

  private func argument(_ handle: st_handle) -> st_value {
    var value = st_value()
    value.kind = ST_TENSOR.rawValue
    value.handle = handle
    return value
  }

  private func number(_ number: Int64) -> st_value {
    var value = st_value()
    value.kind = ST_INT.rawValue
    value.i = number
    return value
  }

  private func error() -> String { "\(String(cString: st_error_kind())): \(String(cString: st_error_message()))" }

  @Test func headerAndLibraryAgree() {
    #expect(MemoryLayout<st_value>.size == 24)
    #expect(st_abi_version() == ST_ABI_VERSION)
  }

  @Test func aTensorOnMemoryOfTheCallers() throws {
    let memory = UnsafeMutablePointer<Float>.allocate(capacity: 6)
    defer { memory.deallocate() }
    for i in 0..<6 { memory[i] = Float(i) }
    let counter = Counter()
    // Two rows of three, transposed.
    let x = tensor(memory, [3, 2], [1, 3], counter)
    try #require(x != 0)
    var info = st_tensor_info()
    #expect(st_tensor_get_info(x, &info) == 0)
    #expect(info.rank == 2 && info.numel == 6 && info.sizes.0 == 3 && info.strides.1 == 3)
    #expect(st_tensor_data(x) == UnsafeMutableRawPointer(memory))

    let add = st_operator_find("aten::add_.Scalar")
    try #require(add >= 0)
    var result = st_value()
    let arguments = [argument(x), number(10), number(1)]
    #expect(st_call(add, arguments, 3, 0, &result, 1) == 1)
    #expect(result.flags == ST_SAME.rawValue && result.i == 0, "an in-place operator returns its argument")
    #expect(memory[5] == 15)

    // A view outlives the tensor it was made of, and the memory outlives both.
    let select = st_operator_find("aten::select.int")
    #expect(st_call(select, [argument(x), number(0), number(1)], 3, 0, &result, 1) == 1)
    let view = result.handle
    #expect(st_release(x) == 0)
    #expect(counter.count == 0)
    #expect(st_tensor_data(view) == UnsafeMutableRawPointer(memory + 1))
    #expect(st_release(view) == 0)
    #expect(counter.count == 1)
  }

  @Test func aStorageKeepsTheMemory() {
    let memory = UnsafeMutablePointer<Float>.allocate(capacity: 4)
    defer { memory.deallocate() }
    let counter = Counter()
    let x = tensor(memory, [4], nil, counter)
    let storage = st_tensor_storage(x)
    #expect(st_release(x) == 0 && counter.count == 0)
    #expect(st_release(storage) == 0 && counter.count == 1)
  }

  @Test func theDeleterRunsOnceFromAnotherThread() {
    let memory = UnsafeMutablePointer<Float>.allocate(capacity: 4)
    defer { memory.deallocate() }
    let counter = Counter()
    let x = tensor(memory, [4], nil, counter)
    let done = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      _ = st_release(x)
      done.signal()
    }
    done.wait()
    #expect(counter.count == 1)
  }

  @Test func badHandlesAreErrors() {
    var info = st_tensor_info()
    for handle: st_handle in [0, 1 << 40, .max] {
      #expect(st_tensor_get_info(handle, &info) < 0)
      #expect(error().hasPrefix("handle: "))
      #expect(st_release(handle) < 0)
    }
    let generator = st_generator_create()
    #expect(st_tensor_get_info(generator, &info) < 0)
    #expect(error() == "handle: expected a handle of a Tensor, got one of a Generator")
    #expect(st_release(generator) == 0)
    #expect(st_release(generator) < 0, "a handle is given back once")
  }

  @Test func badArgumentsAreErrors() throws {
    let memory = UnsafeMutablePointer<Float>.allocate(capacity: 4)
    defer { memory.deallocate() }
    let counter = Counter()
    #expect(tensor(memory, [2, 2], [-1, 1], counter) == 0)
    #expect(tensor(memory, [-2], nil, counter) == 0)
    #expect(tensor(memory, [.max, .max], nil, counter) == 0)
    #expect(tensor(memory, Array(repeating: 1, count: 13), nil, counter) == 0)
    #expect(
      st_tensor_from_memory(nil, Int32(ST_FLOAT32.rawValue), 1, [3], nil, nil, nil) == 0
        && st_tensor_from_memory(memory, 99, 1, [3], nil, nil, nil) == 0)
    #expect(counter.count == 0, "a call that failed gives nothing back")

    let x = tensor(memory, [4], nil, counter)
    let mm = st_operator_find("aten::mm")
    var result = st_value()
    #expect(st_call(mm, [argument(x), argument(x)], 2, 0, &result, 1) < 0)
    #expect(error() == "shape: mm: self must be a matrix, got 1-D tensor")
    #expect(String(cString: st_error_operator()) == "aten::mm of float32[4], float32[4]")
    #expect(st_call(mm, [argument(x)], 1, 0, &result, 1) < 0)
    #expect(st_call(-1, nil, 0, 0, nil, 0) < 0)
    #expect(st_operator_find("aten::no_such_thing") == -1)
    var list = st_value()
    list.kind = ST_LIST.rawValue
    list.flags = ST_RELATIVE.rawValue
    list.word = 24
    list.count = 1_000_000
    #expect(st_call(mm, [list, argument(x)], 2, 48, &result, 1) < 0)
    #expect(error().contains("reaches out of its block"))
    #expect(st_load("/no/such/file.pt", 0, &result) < 0)
    #expect(error().hasPrefix("io: "))
    #expect(st_release(x) == 0 && counter.count == 1)
  }

  @Test func valuesInOneBlockWithoutAddresses() throws {
    // zeros(size=[2, 3], dtype=int64): the list lies behind the arguments.
    var block = [st_value](repeating: st_value(), count: 7)
    block[0].kind = ST_LIST.rawValue
    block[0].flags = ST_RELATIVE.rawValue
    block[0].word = 5 * 24
    block[0].count = 2
    block[1].kind = ST_DTYPE.rawValue
    block[1].i = Int64(ST_INT64.rawValue)
    block[5] = number(2)
    block[6] = number(3)
    var result = st_value()
    #expect(st_call(st_operator_find("aten::zeros"), block, 5, 7 * 24, &result, 1) == 1)
    let x = result.handle
    var text = st_value()
    #expect(st_tensor_describe(x, &text) == 0)
    #expect(String(cString: text.text) == "tensor([[0, 0, 0],\n        [0, 0, 0]])")
    st_values_clear(&text, 1, 1)
    st_values_clear(&result, 1, 1)
    #expect(st_release(x) < 0, "clearing has given the handle back")
  }

  @Test func dlpackBothWays() throws {
    let memory = UnsafeMutablePointer<Float>.allocate(capacity: 6)
    defer { memory.deallocate() }
    let counter = Counter()
    let x = tensor(memory, [2, 3], nil, counter)
    let managed = try #require(st_to_dlpack_versioned(x, 0))
    #expect(managed.pointee.major == 1 && managed.pointee.tensor.ndim == 2)
    #expect(managed.pointee.tensor.dtype.code == 2 && managed.pointee.tensor.dtype.bits == 32)
    #expect(st_release(x) == 0 && counter.count == 0)
    let y = st_from_dlpack_versioned(managed)
    #expect(st_tensor_data(y) == UnsafeMutableRawPointer(memory))
    #expect(st_release(y) == 0 && counter.count == 1)
  }

  @Test func exportedMemoryStaysPlain() throws {
    // relu_ of a convolution's result could keep it in a blocked layout; whoever knows its address must not see that.
    func call(_ name: String, _ arguments: [st_value]) throws -> st_handle {
      var result = st_value()
      let count = st_call(st_operator_find(name), arguments, Int64(arguments.count), 0, &result, 1)
      try #require(count == 1, "\(name): \(count < 0 ? error() : "")")
      return result.flags & ST_SAME.rawValue != 0 ? arguments[Int(result.i)].handle : result.handle
    }
    func list(_ items: UnsafeMutablePointer<st_value>, _ count: Int64) -> st_value {
      var value = st_value()
      value.kind = ST_LIST.rawValue
      value.items = items
      value.count = count
      return value
    }
    var none = st_value()
    none.kind = ST_NONE.rawValue
    func randn(_ sizes: [Int64]) throws -> st_handle {
      var items = sizes.map(number)
      return try items.withUnsafeMutableBufferPointer {
        try call("aten::randn", [list($0.baseAddress!, Int64($0.count)), none, none, none, none])
      }
    }
    let (x, w) = (try randn([2, 32, 12, 12]), try randn([32, 32, 3, 3]))
    var ones = [number(1), number(1)]
    let y = try ones.withUnsafeMutableBufferPointer {
      let pair = list($0.baseAddress!, 2)
      return try call("aten::conv2d", [argument(x), argument(w), none, pair, pair, pair, number(1)])
    }
    let address = try #require(st_tensor_data(y)).assumingMemoryBound(to: Float.self)
    let before = Array(UnsafeBufferPointer(start: address, count: 2 * 32 * 144))
    let blocked = try ones.withUnsafeMutableBufferPointer {
      let pair = list($0.baseAddress!, 2)
      return try call("aten::conv2d", [argument(x), argument(w), none, pair, pair, pair, number(1)])
    }
    _ = try call(
      "aten::copy_",
      [
        argument(y), argument(blocked),
        {
          var no = number(0); no.kind = ST_BOOL.rawValue; return no
        }(),
      ])
    _ = try call("aten::relu_", [argument(y)])
    #expect(st_tensor_data(y) == UnsafeMutableRawPointer(address))
    #expect(Array(UnsafeBufferPointer(start: address, count: before.count)) == before.map { max($0, 0) })
    for handle in [x, w, y, blocked] { #expect(st_release(handle) == 0) }
  }
}
