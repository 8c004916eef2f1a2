// Tensors on plots.

import TorchCore

extension Axes {
  /// Shows a matrix `(height, width)` in gray, or an image `(height, width, 3 or 4)` of bytes or of numbers in 0…1.
  ///
  /// - Throws: `TorchError` of kind `.value`, with matplotlib's wording, for other shapes.
  public func imshow(_ image: Tensor, vmin: Float? = nil, vmax: Float? = nil) throws {
    let sizes = Array(image.shape)
    if sizes.count == 2, image.numel > 0 {
      return imshow(
        try image.detach().toArray(Float.self), height: sizes[0], width: sizes[1], vmin: vmin, vmax: vmax)
    }
    guard sizes.count == 3, sizes[2] == 3 || sizes[2] == 4, image.numel > 0 else {
      let shape = sizes.map(String.init).joined(separator: ", ")
      throw TorchError(.value, "Invalid shape (\(shape)\(sizes.count == 1 ? "," : "")) for image data")
    }
    let pixels: [UInt8] =
      if image.dtype == .uint8 {
        try image.toArray(UInt8.self)
      } else {
        // NaN has no colour; white as in the gray form.
        try image.detach().toArray(Float.self).map { $0.isNaN ? 255 : UInt8(min(max($0, 0), 1) * 255) }
      }
    imshow(try ByteImage(height: sizes[0], width: sizes[1], channels: sizes[2], pixels: pixels))
  }
}
