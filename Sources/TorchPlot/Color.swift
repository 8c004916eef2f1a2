// Colours by matplotlib's names.
//
// Reference: https://matplotlib.org/stable/gallery/color/named_colors.html (base colours and tab10; `green` is CSS's
// dark green, `g` is (0, 0.5, 0) as well).

/// A colour: red, green, blue and opacity, each in 0…1, in sRGB.
public struct Color: Sendable, Hashable {
  public var red, green, blue, alpha: Double

  public init(red: Double, green: Double, blue: Double, alpha: Double = 1) {
    (self.red, self.green, self.blue, self.alpha) = (red, green, blue, alpha)
  }

  /// A colour from `0xRRGGBB`.
  public init(hex: UInt32) {
    func channel(_ shift: UInt32) -> Double { Double((hex >> shift) & 0xff) / 255 }
    self.init(red: channel(16), green: channel(8), blue: channel(0))
  }

  public static let black = Color(hex: 0x000000)
  public static let white = Color(hex: 0xffffff)
  public static let red = Color(hex: 0xff0000)
  public static let green = Color(hex: 0x008000)
  public static let blue = Color(hex: 0x0000ff)
  public static let gray = Color(hex: 0x808080)

  /// The colours that successive lines of one plot get (matplotlib's `C0` … `C9`).
  public static let cycle: [Color] = [
    0x1f77b4, 0xff7f0e, 0x2ca02c, 0xd62728, 0x9467bd, 0x8c564b, 0xe377c2, 0x7f7f7f, 0xbcbd22, 0x17becf,
  ].map(Color.init(hex:))

  /// The colour of grid lines (`rcParams["grid.color"]`).
  static let gridLine = Color(hex: 0xb0b0b0)
}
