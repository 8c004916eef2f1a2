// Operators of object detectors: pooling of regions, and suppression of overlapping boxes.

import TorchCore

extension ONNX {
  enum Detection {
    /// Bilinear samples inside of every bin of every region, averaged or their largest part taken.
    private static func roiAlign(_ call: Call) throws -> Tensor {
      let (x, rois) = (try call[0], try call[1])
      let batches = try call.ints(2)
      try call.check(x.ndim == 4 && rois.ndim == 2 && rois.shape[1] == 4 && rois.shape[0] == batches.count, "an image \(x.shape), regions \(rois.shape)")
      let (height, width) = (x.shape[2], x.shape[3])
      let (ph, pw) = (call.int("output_height", 1), call.int("output_width", 1))
      let ratio = call.int("sampling_ratio", 0)
      let scale = call.float("spatial_scale", 1)
      let halfPixel = call.string("coordinate_transformation_mode", call.opset < 16 ? "output_half_pixel" : "half_pixel") == "half_pixel"
      try call.check(ph > 0 && pw > 0 && ratio >= 0 && height > 0 && width > 0 && max(ph, pw, ratio) < 1 << 16, "bad output size")
      let boxes = try rois.to(.float64).toArray(Double.self)
      let planes = x.reshape([x.shape[0], x.shape[1], height * width])
      let isMax = call.string("mode", "avg") == "max"

      /// Both neighbours of each sample position along a dimension, with their weights.
      func samples(_ start: Double, _ bin: Double, _ bins: Int, _ grid: Int, _ size: Int) -> [(low: Int, high: Int, share: Double)?] {
        (0..<bins * grid).map { i in
          var v = start + Double(i / grid) * bin + (Double(i % grid) + 0.5) * bin / Double(grid)
          guard v >= -1, v <= Double(size) else { return nil }
          v = max(v, 0)
          let low = min(Int(v), size - 1)
          return low >= size - 1 ? (size - 1, size - 1, 0) : (low, low + 1, v - Double(low))
        }
      }

      let results = try batches.enumerated().map { r, batch -> Tensor in
        try call.check(batch >= 0 && batch < x.shape[0], "batch index \(batch) is out of range")
        let corners = (0..<4).map { boxes[4 * r + $0] * scale - (halfPixel ? 0.5 : 0) }
        try call.check(corners.allSatisfy { $0.isFinite && abs($0) < 0x1p31 }, "region \(r) is not finite")
        var (w, h) = (corners[2] - corners[0], corners[3] - corners[1])
        if !halfPixel { (w, h) = (max(w, 1), max(h, 1)) }
        let (binH, binW) = (h / Double(ph), w / Double(pw))
        let gridH = ratio > 0 ? ratio : Int(binH.rounded(.up)), gridW = ratio > 0 ? ratio : Int(binW.rounded(.up))
        try call.check(gridH < 1 << 12 && gridW < 1 << 12, "region \(r) is too large")
        guard gridH > 0, gridW > 0 else { return Tensor.zeros([x.shape[1], ph, pw], dtype: x.dtype) }
        let ys = samples(corners[1], binH, ph, gridH, height), xs = samples(corners[0], binW, pw, gridW, width)
        // Samples in the order of bins: (ph, pw, gridH, gridW), each with 4 corners.
        var index: [Int] = [], weight: [Double] = []
        for by in 0..<ph {
          for bx in 0..<pw {
            for gy in 0..<gridH {
              for gx in 0..<gridW {
                guard let y = ys[by * gridH + gy], let x = xs[bx * gridW + gx] else {
                  index += [0, 0, 0, 0]
                  weight += [0, 0, 0, 0]
                  continue
                }
                index += [y.low * width + x.low, y.low * width + x.high, y.high * width + x.low, y.high * width + x.high]
                weight += [(1 - y.share) * (1 - x.share), (1 - y.share) * x.share, y.share * (1 - x.share), y.share * x.share]
              }
            }
          }
        }
        let values = planes.select(0, batch).indexSelect(1, Tensor(index, dtype: .int64)) * Tensor(weight, dtype: x.dtype)
        let bins = values.reshape([x.shape[1], ph, pw, gridH * gridW, 4])
        return isMax ? bins.amax(dim: [3, 4]) : bins.sum(dim: [4]).mean(dim: [3])
      }
      return results.isEmpty ? Tensor.zeros([0, x.shape[1], ph, pw], dtype: x.dtype) : torch.stack(results)
    }

    /// The largest element of every bin of every region (batch, x1, y1, x2, y2).
    private static func maxRoiPool(_ call: Call) throws -> Tensor {
      let (x, rois) = (try call[0], try call[1])
      let sizes = call.ints("pooled_shape")
      try call.check(x.ndim == 4 && rois.ndim == 2 && rois.shape[1] == 5 && sizes.count == 2 && sizes.allSatisfy { $0 > 0 && $0 < 1 << 16 }, "bad regions or pooled_shape")
      let scale = call.float("spatial_scale", 1)
      let boxes = try rois.to(.float64).toArray(Double.self)
      let results = try (0..<rois.shape[0]).map { r -> Tensor in
        let box = (1..<5).map { (boxes[5 * r + $0] * scale).rounded(.toNearestOrAwayFromZero) }
        let batch = Scalar(boxes[5 * r]).intValue
        try call.check(batch >= 0 && batch < x.shape[0] && box.allSatisfy { abs($0) < 0x1p31 }, "region \(r) is out of range")
        let (w, h) = (max(box[2] - box[0] + 1, 1), max(box[3] - box[1] + 1, 1))
        func range(_ i: Int, _ bins: Int, _ length: Double, _ start: Double, _ limit: Int) -> Range<Int> {
          let bin = length / Double(bins)
          let low = Int((Double(i) * bin).rounded(.down) + start), high = Int((Double(i + 1) * bin).rounded(.up) + start)
          let first = min(max(low, 0), limit)
          return first..<max(first, min(max(high, 0), limit))
        }
        let rows = (0..<sizes[0]).map { i -> Tensor in
          let ys = range(i, sizes[0], h, box[1], x.shape[2])
          return torch.stack(
            (0..<sizes[1]).map { j -> Tensor in
              let xs = range(j, sizes[1], w, box[0], x.shape[3])
              guard !ys.isEmpty, !xs.isEmpty else { return Tensor.zeros([x.shape[1]], dtype: x.dtype) }
              return x.select(0, batch).narrow(1, ys.lowerBound, ys.count).narrow(2, xs.lowerBound, xs.count).amax(dim: [1, 2])
            }, dim: 1)
        }
        return torch.stack(rows, dim: 1)
      }
      return results.isEmpty ? Tensor.zeros([0, x.shape[1], sizes[0], sizes[1]], dtype: x.dtype) : torch.stack(results)
    }

    private struct Box {
      let y1: Float, x1: Float, y2: Float, x2: Float

      init(_ v: ArraySlice<Float>, centre: Bool) {
        let v = Array(v)
        if centre {
          (x1, y1, x2, y2) = (v[0] - v[2] / 2, v[1] - v[3] / 2, v[0] + v[2] / 2, v[1] + v[3] / 2)
        } else {
          (y1, x1, y2, x2) = (min(v[0], v[2]), min(v[1], v[3]), max(v[0], v[2]), max(v[1], v[3]))
        }
      }

      var area: Float { (y2 - y1) * (x2 - x1) }

      /// Intersection over union.
      func overlap(_ other: Box) -> Float {
        let h = max(min(y2, other.y2) - max(y1, other.y1), 0), w = max(min(x2, other.x2) - max(x1, other.x1), 0)
        let union = area + other.area - h * w
        return union > 0 ? h * w / union : 0
      }
    }

    private static func suppress(_ call: Call) throws -> Tensor {
      let (boxes, scores) = (try call[0], try call[1])
      try call.check(
        boxes.ndim == 3 && boxes.shape[2] == 4 && scores.ndim == 3 && scores.shape[0] == boxes.shape[0]
          && scores.shape[2] == boxes.shape[1], "boxes \(boxes.shape) with scores \(scores.shape)")
      let limit = try call.optionalInts(2)?.first ?? 0
      let overlap = try call.optional(3)?.item(Float.self) ?? 0
      let threshold = try call.optional(4)?.item(Float.self)
      let (all, values) = (try boxes.toArray(Float.self), try scores.toArray(Float.self))
      let (count, classes) = (boxes.shape[1], scores.shape[1])
      var chosen: [Int] = []
      for batch in 0..<boxes.shape[0] {
        let corners = (0..<count).map { i in
          Box(all[(batch * count + i) * 4..<(batch * count + i) * 4 + 4], centre: call.bool("center_point_box"))
        }
        for c in 0..<classes {
          let row = Array(values[(batch * classes + c) * count..<(batch * classes + c + 1) * count])
          let order = row.indices.filter { threshold == nil || row[$0] > threshold! }.sorted { (row[$0], $1) > (row[$1], $0) }
          var kept: [Int] = []
          for i in order where kept.count < limit {
            if kept.allSatisfy({ corners[$0].overlap(corners[i]) <= overlap }) { kept.append(i) }
          }
          for i in kept { chosen += [batch, c, i] }
        }
      }
      return try Tensor.from(chosen, shape: [chosen.count / 3, 3])
    }

    static let operators: [OperatorDeclaration] = [
      .tensor("RoiAlign", since: 10, roiAlign),
      .tensor("MaxRoiPool", maxRoiPool),
      .tensor("NonMaxSuppression", since: 10, type: nil, suppress),
    ]
  }
}
