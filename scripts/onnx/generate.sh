#!/usr/bin/env bash
# Makes Sources/TorchONNXModel/Proto/onnx.pb.swift from onnx.proto, with protoc (apt: protobuf-compiler) and the
# protoc-gen-swift of the swift-protobuf version that this package is built with.
set -euo pipefail
cd "$(dirname "$0")/../.."
plugin=${PROTOC_GEN_SWIFT:-}
if [ -z "$plugin" ]; then
  swift package resolve
  build=$(mktemp -d)
  cp -r .build/checkouts/swift-protobuf "$build"
  swift build -c release --product protoc-gen-swift --package-path "$build/swift-protobuf"
  plugin=$build/swift-protobuf/.build/release/protoc-gen-swift
fi
protoc --plugin=protoc-gen-swift="$plugin" --proto_path=scripts/onnx \
  --swift_opt=Visibility=Package --swift_out=Sources/TorchONNXModel/Proto scripts/onnx/onnx.proto
