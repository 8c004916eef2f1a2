// A white sheet of pixels with cairo's pen: the only file that talks to cairo.
//
// Lengths are pixels, y grows downwards. Text is DejaVu Sans, matplotlib's default; where it is not installed cairo
// picks another sans serif face.

import CCairo
import TorchCore

/// Where a text sits on its anchor, in the direction of writing.
enum TextAlignment { case start, center, end }

/// An upright rectangle in pixels.
struct Box {
  var left, top, right, bottom: Double
  var width: Double { right - left }
  var height: Double { bottom - top }
}

final class Canvas {
  let width, height: Int
  private let surface: OpaquePointer
  private let pen: OpaquePointer

  init(width: Int, height: Int) throws {
    guard (1...32767).contains(width), (1...32767).contains(height) else {
      throw TorchError(.value, "a picture must have 1 to 32767 pixels on each side, got \(width)×\(height)")
    }
    (self.width, self.height) = (width, height)
    surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(width), Int32(height))
    pen = cairo_create(surface)
    guard cairo_status(pen) == CAIRO_STATUS_SUCCESS else {
      let reason = String(cString: cairo_status_to_string(cairo_status(pen)))
      cairo_destroy(pen)
      cairo_surface_destroy(surface)
      throw TorchError(.memory, "cannot draw a picture of \(width)×\(height) pixels: \(reason)")
    }
    setColor(.white)
    cairo_paint(pen)
    cairo_select_font_face(pen, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL)
    let options = cairo_font_options_create()
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
    cairo_set_font_options(pen, options)
    cairo_font_options_destroy(options)
  }

  deinit {
    cairo_destroy(pen)
    cairo_surface_destroy(surface)
  }

  private func setColor(_ color: Color) {
    cairo_set_source_rgba(pen, color.red, color.green, color.blue, color.alpha)
  }

  // MARK: Shapes

  /// Strokes a path through `points`; `dash` is in pixels, empty for a solid line.
  func stroke(_ points: [(x: Double, y: Double)], color: Color, lineWidth: Double, dash: [Double] = []) {
    guard let first = points.first else { return }
    cairo_new_path(pen)
    cairo_move_to(pen, first.x, first.y)
    for point in points.dropFirst() { cairo_line_to(pen, point.x, point.y) }
    setColor(color)
    cairo_set_line_width(pen, lineWidth)
    cairo_set_line_join(pen, CAIRO_LINE_JOIN_ROUND)
    cairo_set_line_cap(pen, dash.isEmpty ? CAIRO_LINE_CAP_SQUARE : CAIRO_LINE_CAP_BUTT)
    cairo_set_dash(pen, dash, Int32(dash.count), 0)
    cairo_stroke(pen)
  }

  /// A filled disc with a rim of `lineWidth` in the same colour.
  func disc(x: Double, y: Double, radius: Double, color: Color, lineWidth: Double) {
    cairo_new_path(pen)
    cairo_arc(pen, x, y, radius + lineWidth / 2, 0, 2 * Double.pi)
    setColor(color)
    cairo_fill(pen)
  }

  func fill(_ box: Box, color: Color) {
    cairo_rectangle(pen, box.left, box.top, box.width, box.height)
    setColor(color)
    cairo_fill(pen)
  }

  /// Runs `draw` with the pen confined to `box`.
  func clipped(to box: Box, _ draw: () -> Void) {
    cairo_save(pen)
    cairo_rectangle(pen, box.left, box.top, box.width, box.height)
    cairo_clip(pen)
    draw()
    cairo_restore(pen)
  }

  /// An RGB image, every pixel a sharp-edged square, stretched over `box`.
  func image(rgb: [UInt8], width: Int, height: Int, in box: Box) {
    guard let tile = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(width), Int32(height)),
      let data = cairo_image_surface_get_data(tile)
    else { return }
    let stride = Int(cairo_image_surface_get_stride(tile))
    for y in 0..<height {
      let row = UnsafeMutableRawPointer(data + y * stride).assumingMemoryBound(to: UInt32.self)
      for x in 0..<width {
        let i = 3 * (y * width + x)
        row[x] = UInt32(rgb[i]) << 16 | UInt32(rgb[i + 1]) << 8 | UInt32(rgb[i + 2])
      }
    }
    cairo_surface_mark_dirty(tile)
    cairo_save(pen)
    cairo_translate(pen, box.left, box.top)
    cairo_scale(pen, box.width / Double(width), box.height / Double(height))
    cairo_set_source_surface(pen, tile, 0, 0)
    cairo_pattern_set_filter(cairo_get_source(pen), CAIRO_FILTER_NEAREST)
    cairo_rectangle(pen, 0, 0, Double(width), Double(height))
    cairo_fill(pen)
    cairo_restore(pen)
    cairo_surface_destroy(tile)
  }

  // MARK: Text

  /// How far the pen moves for the widest line of `text`.
  func textWidth(_ text: String, size: Double) -> Double {
    cairo_set_font_size(pen, size)
    return lines(text).map { line in
      var extents = cairo_text_extents_t()
      cairo_text_extents(pen, line, &extents)
      return extents.x_advance
    }.max() ?? 0
  }

  /// Height of `text` from the top of a capital letter in the first line to the baseline of the last.
  func textHeight(_ text: String, size: Double) -> Double {
    Canvas.capHeight * size + Double(lines(text).count - 1) * Canvas.lineHeight * size
  }

  /// Writes `text` so that the last line's baseline passes through (x, y), turned by a quarter to the left if asked.
  func write(
    _ text: String, x: Double, y: Double, size: Double, color: Color = .black, alignment: TextAlignment = .center,
    upwards: Bool = false
  ) {
    cairo_save(pen)
    cairo_translate(pen, x, y)
    if upwards { cairo_rotate(pen, -Double.pi / 2) }
    cairo_set_font_size(pen, size)
    setColor(color)
    let lines = lines(text)
    for (index, line) in lines.enumerated() {
      let width = textWidth(line, size: size)
      let start =
        switch alignment {
        case .start: 0.0
        case .center: -width / 2
        case .end: -width
        }
      cairo_move_to(pen, start, -Double(lines.count - 1 - index) * Canvas.lineHeight * size)
      cairo_show_text(pen, line)
    }
    cairo_restore(pen)
  }

  /// DejaVu Sans in units of the font size: a capital's height, and the distance of baselines at matplotlib's line
  /// spacing of 1.2.
  static let capHeight = 0.729
  static let descent = 0.236
  static let lineHeight = 1.15

  private func lines(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  // MARK: Result

  /// What has been drawn, as RGB.
  func image() throws -> ByteImage {
    cairo_surface_flush(surface)
    guard cairo_status(pen) == CAIRO_STATUS_SUCCESS, let data = cairo_image_surface_get_data(surface) else {
      throw TorchError(.memory, "cannot draw: \(String(cString: cairo_status_to_string(cairo_status(pen))))")
    }
    let stride = Int(cairo_image_surface_get_stride(surface))
    let rgb = [UInt8](unsafeUninitializedCapacity: 3 * width * height) { rgb, count in
      for y in 0..<height {
        let row = UnsafeRawPointer(data + y * stride).assumingMemoryBound(to: UInt32.self)
        for x in 0..<width {
          let i = 3 * (y * width + x)
          rgb[i] = UInt8(truncatingIfNeeded: row[x] >> 16)
          rgb[i + 1] = UInt8(truncatingIfNeeded: row[x] >> 8)
          rgb[i + 2] = UInt8(truncatingIfNeeded: row[x])
        }
      }
      count = 3 * width * height
    }
    return try ByteImage(height: height, width: width, channels: 3, pixels: rgb)
  }
}
