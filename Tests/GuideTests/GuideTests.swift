// The guide's listings print what their Python originals print (Fixtures/guide), object addresses aside.

import Foundation
import GuideListings
import Testing

@Suite struct GuideTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/guide")

  @Test(arguments: Listing.all.map(\.number))
  func printsWhatPythonPrints(number: String) throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: GuideTests.folder.path)
    let file = try #require(files.first { $0.hasPrefix(number + "-") && $0.hasSuffix(".out") })
    let expected = try String(contentsOf: GuideTests.folder.appending(path: file), encoding: .utf8)
    let listing = try #require(Listing.all.first { $0.number == number })
    var printed = ""
    try listing.run { printed += "\($0)\n" }
    #expect(masked(printed) == masked(expected))
  }

  /// The text without the addresses of objects.
  private func masked(_ text: String) -> String {
    text.replacing(/0x[0-9a-f]+/, with: "0x…")
  }
}
