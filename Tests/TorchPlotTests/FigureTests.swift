import Testing
import TorchCore
import TorchPlot

@Suite struct FigureTests {
  /// Counts the pixels of a picture that satisfy `condition`.
  func count(_ image: ByteImage, _ condition: (UInt8, UInt8, UInt8) -> Bool) -> Int {
    stride(from: 0, to: image.pixels.count, by: 3).count {
      condition(image.pixels[$0], image.pixels[$0 + 1], image.pixels[$0 + 2])
    }
  }

  @Test func sizeIsInchesTimesDotsPerInch() throws {
    let image = try Figure(width: 10, height: 6).render()
    #expect((image.height, image.width, image.channels) == (600, 1000, 3))
    #expect(throws: TorchError.self) { try Figure(width: 1000, height: 1).render() }
    #expect(throws: TorchError.self) { try Figure(width: .nan, height: 1).render() }
  }

  @Test func titleHasItsColor() throws {
    func greens(_ color: Color) throws -> Int {
      let figure = Figure(width: 2, height: 2)
      figure[0].axisOff()
      figure[0].setTitle("Pred: 7\nTrue: 7", color: color)
      return count(try figure.render()) { ($0, $1, $2) == (0, 128, 0) }
    }
    #expect(try greens(.green) > 50)
    #expect(try greens(.red) == 0)
  }

  @Test func imageIsDrawnPixelByPixel() throws {
    let figure = Figure(width: 2, height: 2)
    figure[0].imshow([0, 1, 1, 0], height: 2, width: 2)
    figure[0].axisOff()
    figure.tightLayout()
    let image = try figure.render()
    func gray(_ x: Int, _ y: Int) -> UInt8 { image.pixels[3 * (y * image.width + x)] }
    #expect([gray(60, 60), gray(140, 60), gray(60, 140), gray(140, 140)] == [0, 255, 255, 0])
    // Only black and white: no smoothing between the pixels of an image.
    #expect(count(image) { r, _, _ in r != 0 && r != 255 } == 0)
  }

  @Test func colorImageKeepsItsColors() throws {
    let figure = Figure(width: 1, height: 1)
    figure[0].imshow(try ByteImage(height: 1, width: 1, channels: 4, pixels: [255, 0, 0, 128]))
    figure[0].axisOff()
    #expect(count(try figure.render()) { ($0, $1, $2) == (255, 127, 127) } > 1000)
  }

  @Test func valuesThatAreNotFiniteDoNotStopADrawing() throws {
    let figure = Figure(rows: 1, columns: 3)
    figure[0].imshow([.nan, .infinity, 1, 2], height: 2, width: 2)
    figure[1].plot([1, .nan, 3, -.infinity, 5])
    figure[2].plot([], [])
    figure.tightLayout()
    _ = try figure.render()
  }

  @Test func tensorsAreShown() throws {
    let figure = Figure(rows: 1, columns: 2, width: 2, height: 1)
    for axes in figure.axes { axes.axisOff() }
    try figure[0].imshow(Tensor.from([-1, 5, 5, -1] as [Float], shape: [2, 2]))
    try figure[1].imshow(Tensor.from([0, 0, 255] as [UInt8], shape: [1, 1, 3]))
    let image = try figure.render()
    #expect(count(image) { ($0, $1, $2) == (0, 0, 0) } > 500)
    #expect(count(image) { ($0, $1, $2) == (0, 0, 255) } > 500)
    let error = #expect(throws: TorchError.self) { try figure[0].imshow(Tensor.from([1, 2] as [Float], shape: [2])) }
    #expect(error?.message == "Invalid shape (2,) for image data")
    #expect(throws: TorchError.self) { try figure[0].imshow(Tensor.from([] as [Float], shape: [0, 2])) }
  }

  @Test func lineWithGridAndLegend() throws {
    let figure = Figure()
    figure[0].plot([1, 2, 3], [98.36, 98.76, 98.93], marker: .circle, color: .blue, label: "test")
    figure[0].setXTicks([1, 2, 3])
    figure[0].grid()
    figure[0].legend()
    let image = try figure.render()
    #expect(count(image) { ($0, $1, $2) == (0, 0, 255) } > 500)
    #expect(count(image) { ($0, $1, $2) == (0xb0, 0xb0, 0xb0) } > 500)
  }

  @Test func tooManyPlotsStillDraw() throws {
    let figure = Figure(rows: 20, columns: 20, width: 2, height: 2)
    for axes in figure.axes { axes.setTitle("a long title") }
    figure.tightLayout()
    _ = try figure.render()
  }

  @Test func roundTicks() {
    let tenths = Ticks.places(in: 98.33...98.96, count: 9).map { ($0 * 10).rounded() / 10 }
    #expect(tenths == [98.4, 98.5, 98.6, 98.7, 98.8, 98.9])
    #expect(Ticks.places(in: 0...10, count: 5) == [0, 2, 4, 6, 8, 10])
    #expect(Ticks.places(in: 0...1, count: 4) == [0, 0.25, 0.5, 0.75, 1])
    #expect(Ticks.labels([0, 0.25, 0.5]) == ["0.00", "0.25", "0.50"])
    #expect(Ticks.labels([-2, 0, 2]) == ["\u{2212}2", "0", "2"])
    #expect(Ticks.labels([1e-6, 2e-6]) == ["1.0e\u{2212}6", "2.0e\u{2212}6"])
  }
}
