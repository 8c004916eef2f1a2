// Torchvision's operators.

import TorchCore

extension ONNX {
  enum VisionRules {
    private static func suppression(_ call: RuleCall) throws -> Wire {
      let g = call.graph
      let boxes = g.unsqueeze(try call["dets"], [0])
      let scores = g.unsqueeze(try call["scores"], [0, 1])
      let threshold = try call.operand("iou_threshold", .float32)
      // (selected, 3): batch, class, box.
      let selected = g.emit("NonMaxSuppression", [boxes, scores, g.ints([.max]), g.unsqueeze(threshold, [0])])
      return g.gather(selected, g.int(2), axis: 1)
    }

    private static func roiAlign(_ call: RuleCall) throws -> Wire {
      let g = call.graph
      let rois = try call["rois"]
      // The first column is the image.
      let image = g.cast(g.gather(rois, g.int(0), axis: 1), to: .int64)
      let ratio = try call.int("sampling_ratio")
      return g.emit(
        "RoiAlign", [try call["input"], g.slice(rois, axis: 1, 1, 5), image],
        [
          "coordinate_transformation_mode": .string(try call.bool("aligned") ? "half_pixel" : "output_half_pixel"),
          "output_height": .int(try call.int("pooled_height")), "output_width": .int(try call.int("pooled_width")),
          "sampling_ratio": .int(max(ratio, 0)), "spatial_scale": .float(try call.double("spatial_scale")),
        ])
    }

    private static func deformable(_ call: RuleCall) throws -> Wire {
      let padding = [try call.int("pad_h"), try call.int("pad_w")]
      return call.graph.emit(
        "DeformConv",
        [
          try call["input"], try call["weight"], try call["offset"], try call["bias"],
          try call.bool("use_mask") ? try call["mask"] : nil,
        ],
        [
          "strides": .ints([try call.int("stride_h"), try call.int("stride_w")]), "pads": .ints(padding + padding),
          "dilations": .ints([try call.int("dilation_h"), try call.int("dilation_w")]),
          "group": .int(try call.int("groups")), "offset_group": .int(try call.int("offset_groups")),
        ])
    }

    static let rules: [ExportRule] = [
      .one("torchvision::nms", as: ["NonMaxSuppression"], suppression),
      .one("torchvision::roi_align", as: ["RoiAlign"], roiAlign),
      .one("torchvision::deform_conv2d", as: ["DeformConv"], since: 19, deformable),
    ]
  }
}
