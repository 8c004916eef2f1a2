"""Packs the backend node tests of the `onnx` package into node_tests.zip.

The archive has two entries. `blobs` holds the distinct byte strings (models, tensors, sequences, optionals, all as
protobuf messages) one after the other. `manifest.json` says for each test its operator set, tolerances, the model's
blob, and for each data set the inputs and outputs, as [kind, blob] with kind `tensor`, `sequence`, `optional`; a blob is
its [offset, length]. Tests of the default domain at opset 17 and later are the ones that count (see README.md there).
"""

import json
import os
import zipfile

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.loader import load_model_tests

HERE = os.path.dirname(os.path.abspath(__file__))
blobs, places, end = [], {}, 0


def blob(data):
    """Where `data` is, which is kept once."""
    global end
    if data not in places:
        places[data] = [end, len(data)]
        blobs.append(data)
        end += len(data)
    return places[data]


def value(x, proto):
    """A value of a data set, as the message that the package itself would write into a .pb file."""
    kind = proto.WhichOneof("value")
    if kind == "optional_type":
        if x is None:
            return ["optional", None]
        return value(x, proto.optional_type.elem_type)
    if kind == "sequence_type":
        items = [value(item, proto.sequence_type.elem_type) for item in x]
        return ["sequence", items]
    if isinstance(x, onnx.TensorProto):
        return ["tensor", blob(x.SerializeToString(deterministic=True))]
    return ["tensor", blob(numpy_helper.from_array(np.asarray(x)).SerializeToString(deterministic=True))]


tests = []
for case in sorted(load_model_tests(kind="node"), key=lambda case: case.name):
    model = case.model
    for graph in [model.graph]:
        graph.ClearField("doc_string")
    tests.append({
        "name": case.name,
        "opsets": {entry.domain: entry.version for entry in model.opset_import},
        "rtol": case.rtol,
        "atol": case.atol,
        "model": blob(model.SerializeToString(deterministic=True)),
        "sets": [
            {
                "inputs": [value(x, port.type) for x, port in zip(inputs, model.graph.input)],
                "outputs": [value(x, port.type) for x, port in zip(outputs, model.graph.output)],
            }
            for inputs, outputs in case.data_sets
        ],
    })

with zipfile.ZipFile(os.path.join(HERE, "node_tests.zip"), "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
    for name, data in [("manifest.json", json.dumps({"onnx": onnx.__version__, "tests": tests}).encode()), ("blobs", b"".join(blobs))]:
        entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, data)
print(len(tests), "tests,", end, "bytes, packed", os.path.getsize(os.path.join(HERE, "node_tests.zip")))
