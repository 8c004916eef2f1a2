// Drawing of one plot, with matplotlib's default sizes (rcParams): lengths in points, turned into pixels by `point`.

/// Draws one `Axes` into a box of a canvas.
struct AxesPainter {
  let axes: Axes
  let canvas: Canvas
  /// Pixels of one point (1/72 inch).
  let point: Double

  // MARK: Sizes

  private var labelSize: Double { 10 * point }
  private var titleSize: Double { 12 * point }
  private var tickLength: Double { 3.5 * point }
  private var tickPad: Double { 3.5 * point }
  private var labelPad: Double { 4 * point }
  private var titlePad: Double { 6 * point }
  private var frameWidth: Double { 0.8 * point }
  /// A line of labels from its ascender to its descender.
  private var labelHeight: Double { (Canvas.capHeight + Canvas.descent) * labelSize }

  // MARK: Limits and ticks

  var xLimits: (low: Double, high: Double) {
    limits(axes.xLimits, axes.lines.flatMap { $0.points.map(\.x) }, size: axes.picture?.width)
  }

  var yLimits: (low: Double, high: Double) {
    limits(axes.yLimits, axes.lines.flatMap { $0.points.map(\.y) }, size: axes.picture?.height)
  }

  private func limits(_ wanted: ClosedRange<Double>?, _ data: [Double], size: Int?) -> (low: Double, high: Double) {
    if let wanted, wanted.lowerBound < wanted.upperBound, wanted.lowerBound.isFinite, wanted.upperBound.isFinite {
      return (wanted.lowerBound, wanted.upperBound)
    }
    if let size { return (-0.5, Double(size) - 0.5) }
    let finite = data.lazy.filter(\.isFinite)
    guard var low = finite.min(), var high = finite.max() else { return (0, 1) }
    if high - low <= 1e-13 * max(abs(low), abs(high)) {
      let room = low == 0 ? 0.05 : 0.05 * abs(low)
      (low, high) = (low - room, high + room)
    }
    let margin = 0.05 * (high - low)
    return (low - margin, high + margin)
  }

  private func xTicks(_ box: Box) -> [Double] {
    let (low, high) = xLimits
    let count = min(max(Int(box.width / (3 * labelSize)), 1), 9)
    return (axes.xTicks ?? Ticks.places(in: low...high, count: count)).filter { $0 >= low && $0 <= high }
  }

  private func yTicks(_ box: Box) -> [Double] {
    let (low, high) = yLimits
    let count = min(max(Int(box.height / (2 * labelSize)), 1), 9)
    return (axes.yTicks ?? Ticks.places(in: low...high, count: count)).filter { $0 >= low && $0 <= high }
  }

  // MARK: Layout

  /// The part of `cell` that the plot itself takes: all of it, or for an image the largest box of its proportions.
  func plotBox(in cell: Box) -> Box {
    guard let picture = axes.picture else { return cell }
    let scale = min(cell.width / Double(picture.width), cell.height / Double(picture.height))
    let (width, height) = (scale * Double(picture.width), scale * Double(picture.height))
    let (x, y) = ((cell.left + cell.right) / 2, (cell.top + cell.bottom) / 2)
    return Box(left: x - width / 2, top: y - height / 2, right: x + width / 2, bottom: y + height / 2)
  }

  /// What titles, labels and ticks take outside `box`, in pixels on its four sides.
  func surroundings(of box: Box) -> Box {
    var around = Box(left: 0, top: 0, right: 0, bottom: 0)
    if axes.isFramed {
      around.bottom = tickLength + tickPad + labelHeight
      if !axes.xLabel.isEmpty { around.bottom += labelPad + labelHeight }
      around.left = tickLength + tickPad + yTickLabelWidth(box)
      if !axes.yLabel.isEmpty { around.left += labelPad + labelHeight }
      // The outermost tick labels reach beyond the corners.
      around.right = frameWidth
      let (low, high) = xLimits
      let ticks = xTicks(box)
      for (tick, label) in zip(ticks, Ticks.labels(ticks)) {
        let reach = (tick - high) / (high - low) * box.width + canvas.textWidth(label, size: labelSize) / 2
        around.right = max(around.right, reach)
      }
      around.top = labelHeight / 2
    }
    if let title = axes.title, !title.text.isEmpty {
      around.top = titlePad + canvas.textHeight(title.text, size: titleSize)
      let beyond = (canvas.textWidth(title.text, size: titleSize) - box.width) / 2
      around.left = max(around.left, beyond)
      around.right = max(around.right, beyond)
    }
    return around
  }

  private func yTickLabelWidth(_ box: Box) -> Double {
    Ticks.labels(yTicks(box)).map { canvas.textWidth($0, size: labelSize) }.max() ?? 0
  }

  // MARK: Drawing

  func draw(in cell: Box) {
    var box = plotBox(in: cell)
    // Whole pixels make sharp frames and even image pixels.
    box = Box(
      left: box.left.rounded(), top: box.top.rounded(), right: box.right.rounded(), bottom: box.bottom.rounded())
    if let picture = axes.picture {
      canvas.image(rgb: picture.rgb, width: picture.width, height: picture.height, in: box)
    }
    if axes.isFramed && axes.hasGrid { drawGrid(box) }
    canvas.clipped(to: box) {
      for line in axes.lines { draw(line, box) }
    }
    if axes.isFramed {
      drawFrame(box)
      drawTicks(box)
      drawLabels(box)
    }
    if axes.hasLegend { drawLegend(box) }
    if let title = axes.title {
      canvas.write(
        title.text, x: (box.left + box.right) / 2, y: box.top - titlePad, size: titleSize, color: title.color)
    }
  }

  /// The pixel of a value on each axis; rows of an image count downwards.
  private func place(x: Double, _ box: Box) -> Double {
    let (low, high) = xLimits
    return box.left + (x - low) / (high - low) * box.width
  }

  private func place(y: Double, _ box: Box) -> Double {
    let (low, high) = yLimits
    let share = (y - low) / (high - low)
    return axes.picture == nil ? box.bottom - share * box.height : box.top + share * box.height
  }

  /// The middle of the pixel that holds `value`, where a thin line is sharp.
  private func sharp(_ value: Double) -> Double { value.rounded(.down) + 0.5 }

  private func drawGrid(_ box: Box) {
    for tick in xTicks(box) {
      let x = sharp(place(x: tick, box))
      canvas.stroke([(x, box.top), (x, box.bottom)], color: .gridLine, lineWidth: frameWidth)
    }
    for tick in yTicks(box) {
      let y = sharp(place(y: tick, box))
      canvas.stroke([(box.left, y), (box.right, y)], color: .gridLine, lineWidth: frameWidth)
    }
  }

  private func drawFrame(_ box: Box) {
    let (left, top, right, bottom) = (sharp(box.left), sharp(box.top), sharp(box.right), sharp(box.bottom))
    canvas.stroke(
      [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], color: .black, lineWidth: frameWidth)
  }

  private func drawTicks(_ box: Box) {
    let (xs, ys) = (xTicks(box), yTicks(box))
    let baseline = box.bottom + tickLength + tickPad + Canvas.capHeight * labelSize
    for (tick, label) in zip(xs, Ticks.labels(xs)) {
      let x = sharp(place(x: tick, box))
      canvas.stroke([(x, box.bottom + 1), (x, box.bottom + tickLength)], color: .black, lineWidth: frameWidth)
      canvas.write(label, x: x, y: baseline, size: labelSize)
    }
    for (tick, label) in zip(ys, Ticks.labels(ys)) {
      let y = sharp(place(y: tick, box))
      canvas.stroke([(box.left, y), (box.left - tickLength, y)], color: .black, lineWidth: frameWidth)
      canvas.write(
        label, x: box.left - tickLength - tickPad, y: y + Canvas.capHeight * labelSize / 2, size: labelSize,
        alignment: .end)
    }
  }

  private func drawLabels(_ box: Box) {
    let below = box.bottom + tickLength + tickPad + labelHeight + labelPad + Canvas.capHeight * labelSize
    canvas.write(axes.xLabel, x: (box.left + box.right) / 2, y: below, size: labelSize)
    let beside = box.left - tickLength - tickPad - yTickLabelWidth(box) - labelPad - Canvas.descent * labelSize
    canvas.write(axes.yLabel, x: beside, y: (box.top + box.bottom) / 2, size: labelSize, upwards: true)
  }

  private func draw(_ line: Axes.Line, _ box: Box) {
    let width = line.width * point
    // matplotlib's dash patterns are multiples of the line's width.
    let dash: [Double]? =
      switch line.style {
      case .solid: []
      case .dashed: [3.7 * width, 1.6 * width]
      case .dotted: [width, 1.65 * width]
      case .none: nil
      }
    let finite = line.points.split { !$0.x.isFinite || !$0.y.isFinite }
    for run in finite {
      let places = run.map { (x: place(x: $0.x, box), y: place(y: $0.y, box)) }
      if let dash { canvas.stroke(places, color: line.color, lineWidth: width, dash: dash) }
      for place in places { draw(line.marker, at: place, line.color) }
    }
  }

  private func draw(_ marker: Marker, at place: (x: Double, y: Double), _ color: Color) {
    let radius = 3 * point
    switch marker {
    case .none: break
    case .circle: canvas.disc(x: place.x, y: place.y, radius: radius, color: color, lineWidth: point)
    case .point: canvas.disc(x: place.x, y: place.y, radius: radius / 2, color: color, lineWidth: point)
    case .square:
      let half = radius + point / 2
      canvas.fill(
        Box(left: place.x - half, top: place.y - half, right: place.x + half, bottom: place.y + half), color: color)
    }
  }

  private func drawLegend(_ box: Box) {
    let named = axes.lines.compactMap { line in line.label.map { (line, $0) } }
    guard !named.isEmpty else { return }
    let (pad, sample, row) = (0.4 * labelSize, 2 * labelSize, 1.3 * labelSize)
    let textWidth = named.map { canvas.textWidth($0.1, size: labelSize) }.max() ?? 0
    let right = box.right - 0.5 * labelSize
    let left = right - (3 * pad + sample + 0.4 * labelSize + textWidth)
    let top = box.top + 0.5 * labelSize
    let frame = Box(left: left, top: top, right: right, bottom: top + 2 * pad + row * Double(named.count))
    canvas.fill(frame, color: Color(red: 1, green: 1, blue: 1, alpha: 0.8))
    canvas.stroke(
      [
        (frame.left, frame.top), (frame.right, frame.top), (frame.right, frame.bottom), (frame.left, frame.bottom),
        (frame.left, frame.top),
      ], color: Color(hex: 0xcccccc), lineWidth: point)
    for (index, (line, name)) in named.enumerated() {
      let middle = top + pad + row * (Double(index) + 0.5)
      if line.style != .none {
        canvas.stroke(
          [(left + pad, middle), (left + pad + sample, middle)], color: line.color, lineWidth: line.width * point)
      }
      draw(line.marker, at: (left + pad + sample / 2, middle), line.color)
      canvas.write(
        name, x: left + 2 * pad + sample + 0.4 * labelSize, y: middle + Canvas.capHeight * labelSize / 2,
        size: labelSize, alignment: .start)
    }
  }
}
