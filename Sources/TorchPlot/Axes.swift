// One plot of a figure: images, lines, titles, labels, ticks and a grid. Drawing is in Axes+Drawing.swift.

import TorchCore

/// What joins the points of a line.
public enum LineStyle: Sendable {
  case solid, dashed, dotted, none
}

/// What marks the points of a line.
public enum Marker: Sendable {
  case none, circle, square, point
}

/// One plot of a `Figure`, with matplotlib's `Axes` methods.
///
/// ```swift
/// let figure = Figure(width: 10, height: 6)
/// let axes = figure[0]
/// axes.plot([1, 2, 3], [98.36, 98.76, 98.93], marker: .circle, color: .blue)
/// axes.setTitle("Test Accuracy vs. Epoch")
/// axes.setXTicks([1, 2, 3])
/// axes.grid()
/// try figure.save("accuracy.png")
/// ```
public final class Axes {
  struct Line {
    var points: [(x: Double, y: Double)]
    var color: Color
    var width: Double
    var style: LineStyle
    var marker: Marker
    var label: String?
  }

  /// An image as it is shown: RGB bytes.
  struct Picture {
    var rgb: [UInt8]
    var width, height: Int
  }

  var lines: [Line] = []
  var picture: Picture?
  var title: (text: String, color: Color)?
  var xLabel = ""
  var yLabel = ""
  var xTicks: [Double]?
  var yTicks: [Double]?
  var xLimits: ClosedRange<Double>?
  var yLimits: ClosedRange<Double>?
  var hasGrid = false
  var isFramed = true
  var hasLegend = false

  init() {}

  // MARK: Lines

  /// Draws `y` over `x`; points that are not finite interrupt the line.
  ///
  /// The lengths must be equal. Without a colour, successive lines get those of `Color.cycle`.
  public func plot(
    _ x: [Double], _ y: [Double], lineStyle: LineStyle = .solid, marker: Marker = .none, color: Color? = nil,
    lineWidth: Double = 1.5, label: String? = nil
  ) {
    precondition(
      x.count == y.count, "x and y must have same first dimension, but have shapes (\(x.count),) and (\(y.count),)")
    let next = Color.cycle[lines.count % Color.cycle.count]
    lines.append(
      Line(
        points: zip(x, y).map { ($0, $1) }, color: color ?? next, width: lineWidth, style: lineStyle, marker: marker,
        label: label))
  }

  /// Draws `y` over 0, 1, 2, …
  public func plot(
    _ y: [Double], lineStyle: LineStyle = .solid, marker: Marker = .none, color: Color? = nil,
    lineWidth: Double = 1.5, label: String? = nil
  ) {
    plot(
      y.indices.map(Double.init), y, lineStyle: lineStyle, marker: marker, color: color, lineWidth: lineWidth,
      label: label)
  }

  // MARK: Images

  /// Shows a matrix of `height × width` values in gray, the least (or `vmin`) black and the greatest (or `vmax`) white.
  ///
  /// Departure from matplotlib: gray is the colour map (`cmap='gray'`); values that are not finite are shown white.
  public func imshow(_ values: [Float], height: Int, width: Int, vmin: Float? = nil, vmax: Float? = nil) {
    precondition(
      height > 0 && width > 0 && values.count == height * width,
      "imshow: \(values.count) values are not an image of \(height)×\(width)")
    let finite = values.lazy.filter(\.isFinite)
    let low = Double(vmin ?? finite.min() ?? 0)
    let span = Double(vmax ?? finite.max() ?? 1) - low
    var rgb: [UInt8] = []
    rgb.reserveCapacity(3 * values.count)
    for value in values {
      let share = span > 0 && span.isFinite ? (Double(value) - low) / span : 0
      let gray = value.isFinite ? UInt8(min(max(share * 256, 0), 255)) : 255
      rgb.append(gray)
      rgb.append(gray)
      rgb.append(gray)
    }
    picture = Picture(rgb: rgb, width: width, height: height)
  }

  /// Shows an image of bytes as it is; what is transparent lets the white paper through.
  public func imshow(_ image: ByteImage) {
    var rgb: [UInt8] = []
    rgb.reserveCapacity(3 * image.height * image.width)
    let hasColor = image.channels >= 3
    let hasAlpha = image.channels % 2 == 0
    for i in stride(from: 0, to: image.pixels.count, by: image.channels) {
      let alpha = hasAlpha ? Int(image.pixels[i + image.channels - 1]) : 255
      for c in 0..<3 {
        let value = Int(image.pixels[hasColor ? i + c : i])
        rgb.append(UInt8((value * alpha + 255 * (255 - alpha) + 127) / 255))
      }
    }
    picture = Picture(rgb: rgb, width: image.width, height: image.height)
  }

  // MARK: Words, ticks, frame

  /// The title above the plot; it may have several lines.
  public func setTitle(_ text: String, color: Color = .black) { title = (text, color) }
  public func setXLabel(_ text: String) { xLabel = text }
  public func setYLabel(_ text: String) { yLabel = text }

  /// Puts the ticks of the x axis at these places instead of round ones.
  public func setXTicks(_ places: [Double]) { xTicks = places }
  /// Puts the ticks of the y axis at these places instead of round ones.
  public func setYTicks(_ places: [Double]) { yTicks = places }

  public func setXLimits(_ limits: ClosedRange<Double>) { xLimits = limits }
  public func setYLimits(_ limits: ClosedRange<Double>) { yLimits = limits }

  /// Draws lines through the ticks behind the data.
  public func grid(_ visible: Bool = true) { hasGrid = visible }

  /// Names the lines that have a label, in the upper right corner.
  public func legend() { hasLegend = true }

  /// Draws neither frame nor ticks nor axis labels; the title stays.
  public func axisOff() { isFramed = false }
}
