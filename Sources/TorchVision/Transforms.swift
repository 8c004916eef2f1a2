// Transforms of images, as in torchvision.transforms.
//
// Goals, in order: torchvision's numbers to the bit, and the speed of whole batches. A chain of transforms that looks
// at one pixel at a time is a function of 256 byte values: a dataset of bytes tabulates it (see PixelTable) and
// never runs it image by image.
// Reference: https://pytorch.org/vision/stable/transforms.html

import TorchCore

/// Something that makes an image of an image.
public protocol Transform: Sendable {
  func callAsFunction(_ image: Tensor) -> Tensor
}

/// A transform of floating point images whose result at a pixel depends on this pixel and its channel only.
public protocol PixelwiseTransform: Transform {
  /// The result for one value, computed as the tensor form computes it in float32.
  func value(_ value: Float, channel: Int) -> Float
}

/// torchvision's transforms under torchvision's name.
public enum transforms {
  /// Several transforms, one after the other.
  ///
  /// ```swift
  /// let transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.1307], [0.3081])])
  /// ```
  /// Source: https://pytorch.org/vision/stable/generated/torchvision.transforms.Compose.html
  public struct Compose: Transform {
    public let transforms: [any Transform]
    public init(_ transforms: [any Transform]) { self.transforms = transforms }

    public func callAsFunction(_ image: Tensor) -> Tensor { transforms.reduce(image) { $1($0) } }
  }

  /// An image of bytes, `(height, width)` or `(height, width, channels)`, as float32 in 0…1 of shape
  /// `(channels, height, width)`; images of other dtypes keep their values.
  ///
  /// Source: https://pytorch.org/vision/stable/generated/torchvision.transforms.ToTensor.html
  public struct ToTensor: Transform {
    public init() {}

    public func callAsFunction(_ image: Tensor) -> Tensor {
      guard image.isValid else { return image }
      guard image.ndim == 2 || image.ndim == 3 else {
        return .invalid(TorchError(.value, "pic should be 2/3 dimensional. Got \(image.ndim) dimensions."))
      }
      let planes = image.ndim == 2 ? image.unsqueeze(0) : image.permute(2, 0, 1).contiguous()
      return image.dtype == .uint8 ? planes.to(.float32) / 255 : planes
    }

    func value(byte: UInt8) -> Float { Float(byte) / 255 }
  }

  /// `(x − mean) / std`, channel by channel, on images of shape `(…, channels, height, width)`.
  ///
  /// Source: https://pytorch.org/vision/stable/generated/torchvision.transforms.Normalize.html
  public struct Normalize: PixelwiseTransform {
    public let mean, std: [Double]

    /// One mean and one standard deviation for each channel, or one of each for all.
    public init(_ mean: [Double], _ std: [Double]) { (self.mean, self.std) = (mean, std) }

    public func callAsFunction(_ image: Tensor) -> Tensor {
      guard image.isValid else { return image }
      guard image.dtype.isFloatingPoint else {
        return .invalid(TorchError(.dtype, "Input tensor should be a float tensor. Got \(image.dtype)."))
      }
      guard image.ndim >= 3 else {
        return .invalid(
          TorchError(
            .value,
            "Expected tensor to be a tensor image of size (..., C, H, W). Got tensor.size() = \(image.shape)"))
      }
      let deviations = Tensor(std, dtype: image.dtype)
      guard let values = try? deviations.toArray(Double.self), !values.contains(0) else {
        return .invalid(
          TorchError(.value, "std evaluated to zero after conversion to \(image.dtype), leading to division by zero."))
      }
      return (image - Tensor(mean, dtype: image.dtype).view(-1, 1, 1)) / deviations.view(-1, 1, 1)
    }

    public func value(_ value: Float, channel: Int) -> Float {
      (value - Float(mean[mean.count == 1 ? 0 : channel])) / Float(std[std.count == 1 ? 0 : channel])
    }
  }
}
