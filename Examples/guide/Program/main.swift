// Runs the guide's listings: `guide 04` runs the fourth, `guide` alone names them.

import GuideListings

let wanted = CommandLine.arguments.dropFirst()
if wanted.isEmpty {
  print("Usage: guide NUMBER…\n")
  for listing in Listing.all { print("  \(listing.number)  \(listing.title)") }
}
for number in wanted {
  guard let listing = Listing.all.first(where: { $0.number == number || $0.number == "0" + number }) else {
    fatalError("There is no listing \(number); run `guide` to see which there are.")
  }
  try listing.run { print($0) }
}
