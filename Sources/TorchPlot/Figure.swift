// A figure: a sheet of paper with a grid of plots, written as a PNG picture.
//
// Goals: the guide's pictures in matplotlib's default look, without a window system. Sizes, margins and colours are
// matplotlib's defaults (rcParams); `tightLayout` follows its `tight_layout`.
// Reference: https://matplotlib.org/stable/api/figure_api.html. Departure: `save` takes the place of `show`.

import TorchCore

/// A figure with `rows × columns` plots.
///
/// ```swift
/// let figure = Figure(rows: 2, columns: 3, width: 10, height: 6)
/// for (axes, digit) in zip(figure.axes, digits) {
///   axes.imshow(digit.pixels, height: 28, width: 28)
///   axes.setTitle("Label: \(digit.label)")
///   axes.axisOff()
/// }
/// figure.tightLayout()
/// try figure.save("digits.png")
/// ```
public final class Figure {
  public let rows, columns: Int
  /// Inches.
  public let width, height: Double
  /// Pixels of one inch.
  public let dpi: Double
  /// The plots, row after row (`plt.subplots(…)[1].ravel()`).
  public let axes: [Axes]
  private var isTight = false

  /// An empty figure; width and height in inches.
  public init(rows: Int = 1, columns: Int = 1, width: Double = 6.4, height: Double = 4.8, dpi: Double = 100) {
    precondition(rows > 0 && columns > 0, "a figure needs at least one row and one column of plots")
    (self.rows, self.columns, self.width, self.height, self.dpi) = (rows, columns, width, height, dpi)
    axes = (0..<rows * columns).map { _ in Axes() }
  }

  /// The plot with this number, counted row after row.
  public subscript(index: Int) -> Axes { axes[index] }
  public subscript(row: Int, column: Int) -> Axes { axes[row * columns + column] }

  /// Sizes the plots so that they fill the sheet and nothing overlaps.
  public func tightLayout() { isTight = true }

  /// Writes the figure to `path` as PNG; the file is whole or not there.
  /// - Throws: `TorchError` of kind `.io` when the path cannot be written or the disk is full.
  public func save(_ path: String) throws { try PNG.write(render(), to: path) }

  /// The figure's pixels, RGB.
  public func render() throws -> ByteImage {
    let size = (width * dpi, height * dpi)
    guard size.0 >= 1, size.0 <= 32767, size.1 >= 1, size.1 <= 32767 else {
      throw TorchError(.value, "a picture must have 1 to 32767 pixels on each side, got \(size.0)×\(size.1)")
    }
    let canvas = try Canvas(width: Int(size.0.rounded()), height: Int(size.1.rounded()))
    let painters = axes.map { AxesPainter(axes: $0, canvas: canvas, point: dpi / 72) }
    for (painter, cell) in zip(painters, cells(painters, canvas)) { painter.draw(in: cell) }
    return try canvas.image()
  }

  // MARK: Layout

  /// Margins of the sheet and gaps between the plots, in pixels.
  private struct Spacing {
    var margin: Box
    var betweenColumns, betweenRows: Double
  }

  private func cells(_ painters: [AxesPainter], _ canvas: Canvas) -> [Box] {
    let (width, height) = (Double(canvas.width), Double(canvas.height))
    let plain = boxes(defaultSpacing(width, height), width, height)
    guard isTight else { return plain }
    // What surrounds a plot depends a little on its size (the number of ticks): settle it in a few rounds.
    var cells = plain
    for _ in 0..<3 {
      let spacing = tightSpacing(painters, cells)
      let tight = boxes(spacing, width, height)
      guard tight.allSatisfy({ $0.width > 1 && $0.height > 1 }) else { return plain }  // no room for the words
      cells = tight
    }
    return cells
  }

  /// matplotlib's `figure.subplot.*` defaults.
  private func defaultSpacing(_ width: Double, _ height: Double) -> Spacing {
    let margin = Box(left: 0.125 * width, top: 0.12 * height, right: 0.1 * width, bottom: 0.11 * height)
    let (n, m) = (Double(columns), Double(rows))
    return Spacing(
      margin: margin, betweenColumns: 0.2 * 0.775 * width / (n + 0.2 * (n - 1)),
      betweenRows: 0.2 * 0.77 * height / (m + 0.2 * (m - 1)))
  }

  /// The room that titles, labels and ticks need, and 1.08 times the font size around it.
  private func tightSpacing(_ painters: [AxesPainter], _ cells: [Box]) -> Spacing {
    let pad = 1.08 * 10 * dpi / 72
    var spacing = Spacing(margin: Box(left: 0, top: 0, right: 0, bottom: 0), betweenColumns: 0, betweenRows: 0)
    let around = zip(painters, cells).map { painter, cell in painter.surroundings(of: painter.plotBox(in: cell)) }
    for row in 0..<rows {
      for column in 0..<columns {
        let here = around[row * columns + column]
        if row == 0 { spacing.margin.top = max(spacing.margin.top, here.top) }
        if row == rows - 1 { spacing.margin.bottom = max(spacing.margin.bottom, here.bottom) }
        if column == 0 { spacing.margin.left = max(spacing.margin.left, here.left) }
        if column == columns - 1 { spacing.margin.right = max(spacing.margin.right, here.right) }
        if row > 0 {
          let above = around[(row - 1) * columns + column]
          spacing.betweenRows = max(spacing.betweenRows, above.bottom + here.top)
        }
        if column > 0 {
          let before = around[row * columns + column - 1]
          spacing.betweenColumns = max(spacing.betweenColumns, before.right + here.left)
        }
      }
    }
    spacing.margin.left += pad
    spacing.margin.right += pad
    spacing.margin.top += pad
    spacing.margin.bottom += pad
    spacing.betweenColumns += pad
    spacing.betweenRows += pad
    return spacing
  }

  private func boxes(_ spacing: Spacing, _ width: Double, _ height: Double) -> [Box] {
    let margin = spacing.margin
    let cellWidth =
      (width - margin.left - margin.right - spacing.betweenColumns * Double(columns - 1)) / Double(columns)
    let cellHeight = (height - margin.top - margin.bottom - spacing.betweenRows * Double(rows - 1)) / Double(rows)
    return (0..<rows * columns).map { index in
      let left = margin.left + Double(index % columns) * (cellWidth + spacing.betweenColumns)
      let top = margin.top + Double(index / columns) * (cellHeight + spacing.betweenRows)
      return Box(left: left, top: top, right: left + cellWidth, bottom: top + cellHeight)
    }
  }
}
