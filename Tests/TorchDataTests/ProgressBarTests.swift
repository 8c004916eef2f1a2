import Testing
import TorchData

@Suite struct ProgressBarTests {
  func line(
    _ count: Int, _ total: Int, seconds: Double, label: String = "", note: String = "", columns: Int = 80
  ) -> String {
    ProgressBar.line(
      count: count, total: total, elapsed: .seconds(seconds), label: label, unit: "batch", note: note,
      columns: columns)
  }

  @Test func form() {
    #expect(
      line(422, 938, seconds: 12, label: "Epoch 1", note: "loss 0.05", columns: 80)
        == "Epoch 1:  44%|███████▋         | 422/938 [00:12<00:14, 35.1 batch/s, loss 0.05]")
    #expect(
      line(3, 3, seconds: 7200, columns: 70)
        == "100%|█████████████████████████████| 3/3 [2:00:00<00:00, 2400 s/batch]")
  }

  @Test(arguments: [0, 1, 2, 10, 30, 40, 60, 200]) func fitsTheTerminal(columns: Int) {
    for count in [0, 1, 500, 1000, 2000] {
      let text = line(count, 1000, seconds: 3.5, label: "Epoch 12", note: "loss 1.2345", columns: columns)
      #expect(text.count < max(columns, 1))
    }
  }

  @Test func oddNumbersAreHarmless() {
    #expect(line(0, 0, seconds: 0).hasPrefix("100%"))
    #expect(line(0, 10, seconds: 0).contains("[00:00<?, 0.0 batch/s]"))
    #expect(line(-5, 10, seconds: 1).hasPrefix("  0%"))
  }

  @Test func countsWithoutATerminal() {
    var bar = ProgressBar(total: 3, isVisible: false)
    bar.advance()
    bar.advance(by: 2, note: "x")
    bar.clear()
    #expect(bar.count == 3)
  }
}
