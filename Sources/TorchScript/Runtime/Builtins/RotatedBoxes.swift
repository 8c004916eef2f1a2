// How much rotated boxes overlap: torchvision's scripted detectors name the operator, whether or not they run it.
//
// Reference: torchvision/csrc/ops/box_iou_rotated_utils.h. A box is (centre x, centre y, width, height, degrees counter-clockwise).

import Foundation

extension JIT.Builtins {
  static let rotatedBoxes = family {
    JIT.Builtin("torchvision::box_iou_rotated(Tensor boxes1, Tensor boxes2) -> Tensor") { (first: Tensor, second: Tensor) in
      let (a, b) = (try RotatedBox.list(first, "boxes1"), try RotatedBox.list(second, "boxes2"))
      let overlaps = a.flatMap { box in b.map { Float(box.intersectionOverUnion(with: $0)) } }
      return Tensor(overlaps).reshape([a.count, b.count])
    }
  }

  private struct Point {
    var x, y: Double

    static func - (a: Point, b: Point) -> Point { Point(x: a.x - b.x, y: a.y - b.y) }
    func cross(_ other: Point) -> Double { x * other.y - other.x * y }
  }

  private struct RotatedBox {
    let centre: Point
    let width, height, angle: Double

    /// The rows of a tensor (N, 5).
    static func list(_ boxes: Tensor, _ name: String) throws -> [RotatedBox] {
      guard boxes.ndim == 2, boxes.shape[1] == 5 else {
        throw TorchError(.shape, "\(name) should have shape (N, 5), got \(boxes.shape.listDescription)")
      }
      let values = try boxes.toArray(Double.self)
      return stride(from: 0, to: values.count, by: 5).map { i in
        RotatedBox(
          centre: Point(x: values[i], y: values[i + 1]), width: values[i + 2], height: values[i + 3],
          angle: values[i + 4] * .pi / 180)
      }
    }

    /// The corners in order, relative to `origin`.
    private func corners(from origin: Point) -> [Point] {
      let (c, s) = (cos(angle) / 2, sin(angle) / 2)
      let centre = centre - origin
      let first = Point(x: centre.x + s * height + c * width, y: centre.y + c * height - s * width)
      let second = Point(x: centre.x - s * height + c * width, y: centre.y - c * height - s * width)
      let opposite = { (p: Point) in Point(x: 2 * centre.x - p.x, y: 2 * centre.y - p.y) }
      return [first, second, opposite(first), opposite(second)]
    }

    func intersectionOverUnion(with other: RotatedBox) -> Double {
      let (area, otherArea) = (width * height, other.width * other.height)
      guard area >= 1e-14, otherArea >= 1e-14 else { return 0 }
      // Near the origin the products of coordinates lose least.
      let origin = Point(x: (centre.x + other.centre.x) / 2, y: (centre.y + other.centre.y) / 2)
      let shared = RotatedBox.clip(corners(from: origin), to: other.corners(from: origin))
      let intersection = RotatedBox.area(shared)
      return intersection / (area + otherArea - intersection)
    }

    /// The part of a convex polygon that lies in another (Sutherland and Hodgman's algorithm).
    private static func clip(_ polygon: [Point], to window: [Point]) -> [Point] {
      var result = polygon
      for (i, start) in window.enumerated() where !result.isEmpty {
        let edge = window[(i + 1) % window.count] - start
        // The corners go clockwise: what is inside lies on the right.
        let side = { (p: Point) in -edge.cross(p - start) }
        var kept: [Point] = []
        for (j, p) in result.enumerated() {
          let q = result[(j + 1) % result.count]
          let (a, b) = (side(p), side(q))
          if a >= 0 { kept.append(p) }
          guard (a < 0) != (b < 0) else { continue }
          let t = a / (a - b)
          kept.append(Point(x: p.x + t * (q.x - p.x), y: p.y + t * (q.y - p.y)))
        }
        result = kept
      }
      return result
    }

    private static func area(_ polygon: [Point]) -> Double {
      guard let first = polygon.first, polygon.count > 2 else { return 0 }
      var twice = 0.0
      for i in 1..<(polygon.count - 1) { twice += (polygon[i] - first).cross(polygon[i + 1] - first) }
      return abs(twice) / 2
    }
  }
}
