"""Checks exported models with the other side: onnx and onnxruntime.

    ONNX_EXPORT_DIR=/some/folder make test ARGS="--filter Export"
    python Fixtures/onnx-export/verify.py /some/folder

Each `NAME.OPSET.onnx` must pass the checker with shape inference, and onnxruntime must give for the inputs in
`NAME.OPSET.onnx.npz` (x0, x1, …) the outputs there (y0, y1, …), which are Swift's for another batch size than the example's.
"""

import glob
import os
import sys

import numpy as np
import onnx
import onnxruntime as ort

folder = sys.argv[1]
counts = {"files": 0, "checked": 0, "equal": 0}
worst = 0.0
for path in sorted(glob.glob(os.path.join(folder, "*.onnx"))):
    name = os.path.basename(path)
    counts["files"] += 1
    try:
        onnx.checker.check_model(path, full_check=True)
        counts["checked"] += 1
    except Exception as error:
        print(f"{name}: checker: {str(error).strip().splitlines()[-1][:300]}")
    try:
        with np.load(path + ".npz") as data:
            arrays = dict(data)
        options = ort.SessionOptions()
        options.log_severity_level = 3
        session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        wanted = {port.name for port in session.get_inputs()}
        results = session.run(None, {k: v for k, v in arrays.items() if k in wanted})
        for i, result in enumerate(results):
            expected = arrays[f"y{i}"]
            assert result.shape == expected.shape, f"output {i} has shape {result.shape}, not {expected.shape}"
            assert result.dtype == expected.dtype, f"output {i} is {result.dtype}, not {expected.dtype}"
            np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)
            if expected.size and expected.dtype.kind == "f":
                finite = np.isfinite(expected)
                scale = np.maximum(1, np.abs(expected[finite]))
                worst = max(worst, float(np.max(np.abs(result[finite] - expected[finite]) / scale, initial=0)))
        counts["equal"] += 1
    except Exception as error:
        print(f"{name}: onnxruntime: {' '.join(str(error).split())[:300]}")
print(
    f"onnx {onnx.__version__}, onnxruntime {ort.__version__}: {counts['files']} files, "
    f"{counts['checked']} accepted by the checker, {counts['equal']} with equal results (greatest difference {worst:.1e})"
)
sys.exit(counts["checked"] != counts["files"] or counts["equal"] != counts["files"])
