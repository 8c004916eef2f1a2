"""Makes small models of the operators of ONNX Runtime's own domain, with the results that it gets.

    python Fixtures/onnx-runtime/make.py

models.zip has NAME.onnx and NAME.npz for each: the inputs in0, in1, … and the results out0, out1, …
"""

import io
import os
import zipfile

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(0)
types = {"f": TensorProto.FLOAT, "i": TensorProto.INT32, "l": TensorProto.INT64, "B": TensorProto.UINT8, "b": TensorProto.INT8}
archive = zipfile.ZipFile(os.path.join(os.path.dirname(os.path.abspath(__file__)), "models.zip"), "w", zipfile.ZIP_DEFLATED)


def put(name, data):
    entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, data)


def model(name, op, inputs, outputs=1, domain="com.microsoft", result=TensorProto.FLOAT, stored=(), **attributes):
    """`inputs` holds arrays, None where an optional one is left out; `outputs` how many there are, or which are named.
    Inputs whose numbers are in `stored` lie in the model."""
    given = [(f"in{i}", np.asarray(x)) for i, x in enumerate(inputs) if x is not None and i not in stored]
    constants = [numpy_helper.from_array(np.asarray(inputs[i]), f"in{i}") for i in stored]
    names = [f"out{i}" for i in range(outputs)] if isinstance(outputs, int) else outputs
    node = helper.make_node(
        op, [f"in{i}" if x is not None else "" for i, x in enumerate(inputs)], names, domain=domain, **attributes)
    graph = helper.make_graph(
        [node], "graph", [helper.make_tensor_value_info(n, types[x.dtype.char], x.shape) for n, x in given],
        [helper.make_tensor_value_info(n, TensorProto.INT32 if op.startswith("Embed") and n == "out1" else result, None) for n in names if n],
        constants)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)])
    proto.ir_version = 9
    session = ort.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    results = session.run(None, dict(given))
    put(name + ".onnx", proto.SerializeToString())
    buffer = io.BytesIO()
    arrays = {n: x for n, x in given} | {f"out{i}": np.asarray(x) for i, x in enumerate(results)}
    np.savez(buffer, **arrays)
    put(name + ".npz", buffer.getvalue())


def f(*shape, scale=1.0):
    return (scale * rng.standard_normal(shape)).astype("f4")


def u8(*shape):
    return rng.integers(0, 256, shape).astype("u1")


def s8(*shape):
    return rng.integers(-127, 128, shape).astype("i1")


one = np.float32
x = f(2, 3, 8)
model("gelu", "Gelu", [x])
model("bias_gelu", "BiasGelu", [x, f(8)])
model("fast_gelu", "FastGelu", [x, f(8)])
model("quick_gelu", "QuickGelu", [x], alpha=1.5)
model("fused_matmul", "FusedMatMul", [f(2, 3, 4), f(2, 5, 4)], transB=1, alpha=0.5)
model("fused_matmul_batch", "FusedMatMul", [f(3, 2, 4, 5), f(3, 2, 4, 5)], transBatchA=1, transBatchB=1, transB=1)
model("fused_gemm", "FusedGemm", [f(3, 4), f(5, 4), f(5)], transB=1, activation="LeakyRelu", activation_alpha=0.2)
model("fused_conv", "FusedConv", [f(1, 3, 6, 6), f(4, 3, 3, 3), f(4)], activation="Relu", pads=[1, 1, 1, 1])
model("skip_layer_norm", "SkipLayerNormalization", [x, f(2, 3, 8), f(8), f(8), f(8)], ["out0", "", "", "out3"], epsilon=1e-5)
model("skip_rms_norm", "SkipSimplifiedLayerNormalization", [x, f(2, 3, 8), f(8), f(8)], ["out0", "", "", "out3"], epsilon=1e-5)
model("rms_norm", "SimplifiedLayerNormalization", [x, f(8)], domain="", axis=-1, epsilon=1e-5)
ids = rng.integers(0, 7, (2, 5)).astype("i4")
mask = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], "i4")
tables = [f(7, 8), f(9, 8), f(2, 8), f(8), f(8)]
model("embed_layer_norm", "EmbedLayerNormalization", [ids, (ids > 3).astype("i4"), *tables], ["out0", "out1"], epsilon=1e-5)
model("attention", "Attention", [f(2, 5, 8), f(8, 24), f(24), mask], num_heads=2)
model("attention_causal", "Attention", [f(2, 5, 8), f(8, 24), f(24)], num_heads=2, unidirectional=1)
model("multi_head_attention", "MultiHeadAttention", [f(2, 3, 8), f(2, 5, 8), f(2, 5, 8), f(24)], num_heads=4)

zero8, zeroi = np.uint8(120), np.int8(3)
s = [one(0.02), one(0.03), one(0.05)]
model("qlinear_add", "QLinearAdd", [u8(2, 3, 4), s[0], zero8, u8(3, 4), s[1], np.uint8(9), s[2], np.uint8(100)], result=TensorProto.UINT8)
model("qlinear_mul", "QLinearMul", [s8(2, 3), s[0], zeroi, s8(2, 3), s[1], zeroi, s[2], zeroi], result=TensorProto.INT8)
model("qlinear_sigmoid", "QLinearSigmoid", [u8(2, 9), s[1], zero8, one(1 / 256), np.uint8(0)], result=TensorProto.UINT8)
model("qlinear_leaky", "QLinearLeakyRelu", [u8(2, 9), s[1], zero8, s[0], zero8], result=TensorProto.UINT8, alpha=0.1)
model("qlinear_softmax", "QLinearSoftmax", [u8(2, 9), s[1], zero8, one(1 / 256), np.uint8(0)], result=TensorProto.UINT8, axis=-1, opset=13)
model("qlinear_global_pool", "QLinearGlobalAveragePool", [u8(1, 3, 4, 4), s[0], zero8, s[1], zero8], result=TensorProto.UINT8)
model("qlinear_pool", "QLinearAveragePool", [u8(1, 3, 6, 6), s[0], zero8, s[1], zero8], result=TensorProto.UINT8, kernel_shape=[2, 2], strides=[2, 2])
model("qlinear_concat", "QLinearConcat", [s[2], zero8, u8(2, 3), s[0], zero8, u8(2, 2), s[1], np.uint8(7)], result=TensorProto.UINT8, axis=1)
model("qgemm", "QGemm", [u8(3, 4), s[0], zero8, s8(5, 4), s[1], zeroi, rng.integers(-99, 99, 5).astype("i4"), s[2], zero8], result=TensorProto.UINT8, transB=1)
model("qgemm_float", "QGemm", [u8(3, 4), s[0], zero8, s8(4, 5), s[1], zeroi])
model("dynamic_matmul", "DynamicQuantizeMatMul", [f(3, 300), u8(300, 6), s[1], np.uint8(128), f(6)])
model("matmul_to_float", "MatMulIntegerToFloat", [u8(3, 300), s8(300, 6), s[0], f(6, scale=0.1), zero8, np.zeros(6, "i1"), f(6)])
weights = [s8(2, 5, 16), s8(2, 4, 16)]
model(
    "dynamic_lstm", "DynamicQuantizeLSTM",
    [f(3, 1, 5), *weights, f(2, 32), None, f(2, 1, 4), f(2, 1, 4), None, f(2).__abs__() * one(0.01), np.zeros(2, "i1"),
     f(2).__abs__() * one(0.01), np.zeros(2, "i1")], 3, stored=(1, 2, 8, 9, 10, 11), hidden_size=4, direction="bidirectional")
model(
    "dynamic_lstm_columns", "DynamicQuantizeLSTM",
    [f(3, 1, 5), u8(1, 5, 16), u8(1, 4, 16), f(1, 32), None, None, None, None, np.abs(f(1, 16)) * one(0.01),
     np.full((1, 16), 128, "u1"), np.abs(f(1, 16)) * one(0.01), np.full((1, 16), 128, "u1")],
    3, stored=(1, 2, 8, 9, 10, 11), hidden_size=4)
model("qlinear_conv", "QLinearConv", [u8(1, 40, 5, 5), s[0], zero8, s8(6, 40, 3, 3), np.abs(f(6)) * one(0.1), np.zeros(6, "i1"), one(2), zero8, rng.integers(-999, 999, 6).astype("i4")], domain="", result=TensorProto.UINT8)
model("conv_integer", "ConvInteger", [u8(1, 40, 5, 5), u8(6, 40, 3, 3), zero8, np.uint8(99)], domain="", result=TensorProto.INT32, pads=[1, 1, 1, 1])
model("matmul_integer", "MatMulInteger", [u8(3, 700), s8(700, 5), zero8, zeroi], domain="", result=TensorProto.INT32)
archive.close()
