// PNG files of 8-bit images, read and written with libpng.
//
// Goals, in order: memory safety on hostile files, exact pixels, short code. libpng's simplified interface reports
// errors by value, so no `longjmp` crosses a Swift frame.
// Reference: http://www.libpng.org/pub/png/libpng-manual.txt, section V.

import CPNG
import TorchCore

/// An image of bytes, row after row: `height × width × channels`, channels 1 (gray), 2 (gray and opacity),
/// 3 (RGB) or 4 (RGBA).
public struct ByteImage: Sendable, Equatable {
  public let height, width, channels: Int
  public let pixels: [UInt8]

  /// - Throws: `TorchError` of kind `.value` when the sizes do not fit the pixels.
  public init(height: Int, width: Int, channels: Int, pixels: [UInt8]) throws {
    guard height > 0, width > 0, (1...4).contains(channels) else {
      throw TorchError(
        .value, "an image needs a height, a width and 1 to 4 channels, got \(height)×\(width)×\(channels)")
    }
    let (area, tooTall) = height.multipliedReportingOverflow(by: width)
    let (count, tooLarge) = area.multipliedReportingOverflow(by: channels)
    guard !tooTall, !tooLarge, count == pixels.count else {
      throw TorchError(.value, "an image of \(height)×\(width)×\(channels) does not have \(pixels.count) bytes")
    }
    (self.height, self.width, self.channels, self.pixels) = (height, width, channels, pixels)
  }
}

public enum PNG {
  /// The bytes of a PNG file that holds `image`.
  public static func encode(_ image: ByteImage) throws -> [UInt8] {
    var control = newControl()
    defer { png_image_free(&control) }
    guard let width = UInt32(exactly: image.width), let height = UInt32(exactly: image.height) else {
      throw TorchError(.value, "PNG: image too large (\(image.height)×\(image.width))")
    }
    control.width = width
    control.height = height
    control.format = UInt32(image.channels - 1)  // gray, gray+alpha, RGB, RGBA are 0, 1, 2, 3
    // Deflate never makes data longer than this, so one pass over the pixels is enough.
    let rows = image.pixels.count + image.height
    var size = rows + rows / 1000 + 64 * (rows / 8192 + 1) + 1024
    var bytes = [UInt8](repeating: 0, count: size)
    let written = image.pixels.withUnsafeBytes { pixels in
      bytes.withUnsafeMutableBytes {
        png_image_write_to_memory(&control, $0.baseAddress, &size, 0, pixels.baseAddress, 0, nil)
      }
    }
    guard written != 0 else { throw failure(control, .value) }
    return Array(bytes[..<size])
  }

  /// Writes `image` to `path`; the file is whole or not there.
  /// - Throws: `TorchError` of kind `.io` when the path cannot be written or the disk is full.
  public static func write(_ image: ByteImage, to path: String) throws {
    try AtomicFile.write(encode(image), to: path)
  }

  /// The image of a PNG file's bytes: palettes become RGB, 1-, 2- and 4-bit samples become bytes, 16-bit samples are
  /// rounded to 8.
  /// - Throws: `TorchError` of kind `.data` when the bytes are not a whole PNG file.
  public static func decode(_ bytes: [UInt8]) throws -> ByteImage {
    var control = newControl()
    defer { png_image_free(&control) }
    return try bytes.withUnsafeBytes { source in
      guard png_image_begin_read_from_memory(&control, source.baseAddress, source.count) != 0 else {
        throw failure(control, .data)
      }
      control.flags |= 0x04  // PNG_IMAGE_FLAG_16BIT_sRGB: 16-bit samples are sRGB too, not linear
      control.format &= 0x03  // colour and alpha as in the file; 8-bit, no palette
      let channels = Int(control.format) + 1
      let (height, width) = (Int(control.height), Int(control.width))
      let size = height * width * channels
      // Deflate reaches 1032:1 and the least sample is one bit: a larger claim is a lie, refuse it before allocating.
      guard size / channels <= bytes.count * 1032 * 8 else {
        throw TorchError(.data, "PNG: \(bytes.count) bytes cannot hold an image of \(height)×\(width)")
      }
      var pixels = [UInt8](repeating: 0, count: size)
      let read = pixels.withUnsafeMutableBytes { png_image_finish_read(&control, nil, $0.baseAddress, 0, nil) }
      guard read != 0 else { throw failure(control, .data) }
      return try ByteImage(height: height, width: width, channels: channels, pixels: pixels)
    }
  }

  /// The image of the PNG file at `path`.
  public static func read(_ path: String) throws -> ByteImage { try decode(AtomicFile.read(path)) }

  private static func newControl() -> png_image {
    var control = png_image()
    control.version = UInt32(PNG_IMAGE_VERSION)
    return control
  }

  private static func failure(_ control: png_image, _ kind: TorchError.Kind) -> TorchError {
    let message = withUnsafeBytes(of: control.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return TorchError(kind, "PNG: \(message.isEmpty ? "not a readable image" : message)")
  }
}
