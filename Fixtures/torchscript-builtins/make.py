"""What TorchScript's builtin functions of real PyTorch give: `cases.json` and `schemas.txt`.

Each case calls one overload through a graph of one node and keeps the result, what has become of lists and
dictionaries among the arguments, or the error's message. `schemas.txt` has every schema of the namespaces that
programs use, in the order in which a call tries the overloads of a name.
"""

import cmath
import json
import math
import pathlib
import re
import signal
import warnings

import torch

warnings.simplefilter("ignore")
here = pathlib.Path(__file__).parent
inf, nan = math.inf, math.nan
cases = []


def schemas(name):
    return torch._C._jit_get_schemas_for_operator(name)


def qualified(schema):
    return schema.name + ("." + schema.overload_name if schema.overload_name else "")


def plain(type_text):
    """A schema's type without annotations of aliasing."""
    return re.sub(r"(?<!Future)\((?:[a-z]!?|\*|[a-z] -> \*|[a-z]\|[a-z])\)", "", type_text)


def split(text):
    pieces, depth = [""], 0
    for c in text:
        depth += (c in "([") - (c in ")]")
        if c == "," and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += c
    return [p.strip() for p in pieces if p.strip()]


def parts(schema):
    """Types of the parameters and of the returns."""
    text = str(schema)
    body, returns = text[text.index("(") + 1 :].rsplit(") -> ", 1)
    parameters = [p for p in split(body) if p not in ("*", "...")]
    types = [plain(p.split("=")[0].rsplit(" ", 1)[0]) for p in parameters]
    returns = plain(returns)
    if returns.startswith("(") and returns.endswith(")"):
        returns = returns[1:-1]
    return types, split(returns)


def ir_type(text, t):
    text = re.sub(r"\bt\b|\btVal\b|\bt1\b", t, text)
    text = re.sub(r"\[\d+\]", "[]", re.sub(r"\bt2\b", t, text))
    return re.sub(r"ScalarType|Layout|MemoryFormat|SymInt", "int", text)


def typed(value):
    """The schema type of a value of a variadic argument."""
    if isinstance(value, torch.Tensor):
        return "Tensor"
    if isinstance(value, list):
        return typed(value[0]) + "[]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(typed, value)) + ")"
    if isinstance(value, dict):
        k, v = next(iter(value.items()))
        return f"Dict({typed(k)}, {typed(v)})"
    if isinstance(value, torch.device):
        return "Device"
    return {int: "int", float: "float", bool: "bool", str: "str", complex: "complex", type(None): "NoneType"}[type(value)]


def number(x):
    return repr(x)


def encode(value, of=None):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return {"int": str(value)}
    if isinstance(value, float):
        return {"float": number(value)}
    if isinstance(value, complex):
        return {"complex": [number(value.real), number(value.imag)]}
    if isinstance(value, torch.device):
        return {"device": str(value)}
    if isinstance(value, torch.Tensor):
        return {"tensor": str(value.dtype)[6:], "shape": list(value.shape), "values": [encode(v) for v in value.flatten().tolist()]}
    if isinstance(value, tuple):
        return {"tuple": [encode(v) for v in value]}
    if isinstance(value, list):
        return {"list": [encode(v) for v in value], "of": of or (typed(value[0]) if value else "int")}
    if isinstance(value, dict):
        return {"dict": [[encode(k), encode(v)] for k, v in value.items()], "of": of or "str,int"}
    raise TypeError(type(value))


def element(type_text):
    """What an argument of this type holds."""
    if type_text.endswith("[]"):
        return type_text[:-2]
    if type_text.startswith("Dict("):
        return ",".join(split(type_text[5:-1]))
    return None


def timeout(*_):
    raise TimeoutError


signal.signal(signal.SIGALRM, timeout)


def case(name, *values, t="int"):
    schema = next(s for s in schemas(name.split(".")[0]) if qualified(s) == name)
    parameters, returns = parts(schema)
    types = [ir_type(p, t) for p in parameters]
    types += [typed(v) for v in values[len(types) :]]
    if "..." not in str(schema).split(" -> ")[0]:
        assert len(types) == len(values), (name, types, values)
    outputs = [ir_type(r, t) for r in returns]
    inputs = ", ".join(f"%{i} : {type_text}" for i, type_text in enumerate(types))
    results = [f"%r{i} : {type_text}" for i, type_text in enumerate(outputs)]
    call = f"{schema.name}({', '.join(f'%{i}' for i in range(len(values)))})"
    line = (", ".join(results) + " = " if results else "") + call
    names = ", ".join(f"%r{i}" for i in range(len(results)))
    entry = {"name": name, "arguments": [encode(v, element(k)) for v, k in zip(values, types)]}
    try:
        if len(results) > 1:
            line += f"\n  %t : ({', '.join(outputs)}) = prim::TupleConstruct({names})"
            names = "%t"
        elif not results:
            line += "\n  %t : NoneType = prim::Constant()"
            names = "%t"
        graph = torch._C.parse_ir(f"graph({inputs}):\n  {line}\n  return ({names})\n")
        node = next(iter(graph.nodes()))
        function = torch._C._create_function_from_graph("f", graph)
        if node.schema() != str(schema):  # another overload comes first
            function = torch._C._get_operation_overload(schema.name, schema.overload_name)[0]
    except Exception as error:
        raise RuntimeError(f"{name} {values}\n{inputs}\n{line}") from error
    lists = [v for v in values if isinstance(v, (list, dict))]
    signal.alarm(5)
    try:
        result = function(*values)
        entry["result"] = encode(result, element(outputs[0]) if len(outputs) == 1 else None)
    except Exception as error:
        message = str(error)
        message = message.split("RuntimeError: ", 1)[-1] if "The following operation failed" in message else message
        entry["error"] = message.strip()
    finally:
        signal.alarm(0)
    cases.append(entry)


# A graph converts lists and dictionaries at its border, so what happens to them is seen by giving them back.
def mutation(name, *values, t="int"):
    schema = next(s for s in schemas(name.split(".")[0]) if qualified(s) == name)
    parameters, returns = parts(schema)
    types = [ir_type(p, t) for p in parameters]
    outputs = [ir_type(r, t) for r in returns]
    inputs = ", ".join(f"%{i} : {type_text}" for i, type_text in enumerate(types))
    results = ", ".join(f"%r{i} : {type_text}" for i, type_text in enumerate(outputs)) + (" = " if outputs else "")
    call = f"{schema.name}({', '.join(f'%{i}' for i in range(len(values)))})"
    graph = torch._C.parse_ir(f"graph({inputs}):\n  {results}{call}\n  return (%0)\n")
    assert next(iter(graph.nodes())).schema() == str(schema)
    function = torch._C._create_function_from_graph("f", graph)
    entry = {"name": name, "arguments": [encode(v, element(k)) for v, k in zip(values, types)]}
    try:
        entry["changed"] = encode(function(*values), element(types[0]))
    except Exception as error:
        entry["error"] = str(error).split("RuntimeError: ", 1)[-1].strip()
    cases.append(entry)


def overloads(name):
    return [qualified(s) for s in schemas(name)]


# Numbers.
ints = [0, 1, -1, 7, -7, 2**40]
floats = [0.0, -0.0, 1.0, -2.5, 0.3, 1e10, inf, -inf, nan]
complexes = [0j, 1 + 2j, -0.5 + 0.25j]
samples = {"int": ints, "float": floats, "complex": complexes, "Scalar": [3, -2.5], "bool": [True, False], "number": [3, 2.5]}
second = {"int": [2, -3, 0], "float": [2.0, -0.5, 0.0, inf], "complex": [2 + 0j, 1 - 1j], "Scalar": [2, 0.5], "bool": [True, False]}

builtin_lines = []
unary = """log exp log1p log10 sqrt acos asin atan cos sin tan asinh atanh acosh sinh cosh tanh angle degrees radians gamma
lgamma erf erfc expm1 fabs round floor ceil neg""".split()
for name in ["aten::" + n for n in unary] + ["prim::abs"]:
    for schema in schemas(name):
        types, returns = parts(schema)
        if types in (["int"], ["float"], ["complex"], ["Scalar"]) and returns != ["Tensor"]:
            for value in samples[types[0]]:
                if name in ("aten::gamma", "aten::exp", "aten::expm1") and value == 2**40:
                    continue
                case(qualified(schema), value)

binary = """add sub mul div floordiv remainder pow eq ne lt gt le ge fmod mathremainder copysign atan2 log polar""".split()
for name in ["aten::" + n for n in binary] + ["prim::min", "prim::max"]:
    for schema in schemas(name):
        types, returns = parts(schema)
        if len(types) == 2 and all(k in samples for k in types) and "Tensor" not in returns:
            if qualified(schema) == "aten::pow.int_to_int":
                continue  # gives a float where its schema says int
            for a in samples[types[0]]:
                for b in second[types[1]]:
                    if types == ["int", "int"] and name in ("aten::remainder",) and b == 0:
                        continue  # divides by zero in C++
                    if "complex" in types + returns and name not in ("aten::eq", "aten::ne"):
                        # Parts of complex numbers at and beyond infinity are each C++ library's own.
                        if not all(map(cmath.isfinite, (a, b))) or name != "aten::add" and 0 in (a, b):
                            continue
                    case(qualified(schema), a, b)
for a, b in [(2**63 - 1, 1), (-(2**63), -1), (2**62, 4)]:
    for name in ["add", "sub", "mul"]:
        case(f"aten::{name}.int", a, b)
for a in [-7, 7, 0]:
    for b in [3, -3, 0]:
        case("aten::divmod.int", a, b)
        case("aten::divmod.float", float(a), b + 0.5)
        case("aten::divmod.int_float", a, float(b))
        case("aten::divmod.float_int", a + 0.5, b)
        case("aten::gcd.int", a, b)
        for name in ["__and__", "__or__", "__xor__"]:
            case(f"aten::{name}.int", a, b)
        case("aten::__lshift__.int", a, abs(b))
        case("aten::__rshift__.int", a, abs(b))
        if b:
            case("aten::__round_to_zero_floordiv.int", a, b)
for a in [True, False]:
    case("aten::__not__", a)
    for b in [True, False]:
        for name in ["__and__", "__or__", "__xor__", "eq", "ne"]:
            case(f"aten::{name}.bool", a, b)
for n in [-1, 0, 1, 5, 20]:
    case("aten::factorial.int", n)
for x in [0.0, 8.0, -2.5, 0.1, inf]:
    case("aten::frexp", x)
    case("aten::modf", x)
    case("aten::ldexp", x, 3)
    for name in ["isnan", "isfinite", "isinf"]:
        case(f"aten::{name}.float", x)
        case(f"aten::{name}.complex", complex(1, x))

# Conversions.
tensor = torch.tensor
for x in [0, 5, -3]:
    case("aten::Bool.int", x)
    case("aten::Float.int", x)
    case("aten::Int.Scalar", x)
    case("aten::hex", x)
    case("aten::oct", x)
    case("aten::bin", x)
case("aten::Float.int", 16777217)
for x in [0.0, 2.9, -2.9, 1e30, nan]:
    case("aten::Bool.float", x)
    case("aten::Int.float", x)
    case("aten::Float.Scalar", x)
for x in ["12", " -12", "12x", "x", "", "+3"]:
    case("aten::Int.str", x)
for x in ["1.5e3", "x", "inf", "1.5x", " 2", "-.5"]:
    case("aten::Float.str", x)
for b in [True, False]:
    case("aten::Int.bool", b)
    case("aten::Float.bool", b)
case("aten::Complex.Scalar", 2.5)
for schema in schemas("aten::Complex"):
    types, _ = parts(schema)
    if len(types) == 2:
        sample = {"int": 2, "float": 1.5, "bool": True, "Tensor": tensor(2.5)}
        case(qualified(schema), *[sample[k] for k in types])
for x in [tensor(3), tensor(2.5), tensor(True), tensor([1, 2]), tensor([4])]:
    for name in ["Bool.Tensor", "Int.Tensor", "Float.Tensor", "IntImplicit", "FloatImplicit", "ScalarImplicit", "ComplexImplicit"]:
        case(f"aten::{name}", x)

# Lists.
for i in [0, 2, -1, 3, -4]:
    case("aten::__getitem__.t", [1, 2, 3], i)
    case("aten::select.t", ["a", "b", "c"], i, t="str")
    mutation("aten::_set_item.t", [1, 2, 3], i, 9)
    mutation("aten::insert.t", [1, 2, 3], i, 9)
    mutation("aten::Delete.t", [1, 2, 3], i)
    mutation("aten::pop.t", [1, 2, 3], i)
    case("aten::pop.t", [1, 2, 3], i)
case("aten::pop.t", [], -1)
case("aten::Delete.t", [], 0)
case("aten::len.t", [1.5, 2.5], t="float")
case("aten::append.t", [[1], [2]], [3], t="int[]")
for name in ["aten::extend.t", "aten::add_.t"]:
    mutation(name, [1], [2, 3])
for name in ["aten::reverse.t", "aten::clear.t"]:
    mutation(name, [1, 2, 3])
for name in ["aten::copy.t", "aten::list.t"]:
    case(name, [1, 2, 3])
case("aten::add.t", ["a"], ["b"], t="str")
for n in [-1, 0, 2]:
    if n >= 0:  # PyTorch asks for a negative amount of memory otherwise
        case("aten::mul.left_t", [1, 2], n)
        case("aten::mul.right_", n, [1, 2])
    mutation("aten::mul_.t", [1, 2], n)
for start in [None, 0, 1, -2, 5, -9]:
    for end in [None, 0, 2, -1, 9]:
        for step in [1, 2, -1, -2]:
            case("aten::slice.t", [1, 2, 3, 4], start, end, step)
            case("aten::slice.str", "abcd", start, end, step)
case("aten::slice.t", [1, 2], None, None, 0)
case("aten::len.any", [1, 2])
lists = {
    "int": [3, 1, 2, 1], "float": [3.5, -1.0, 2.0, 2.0], "bool": [True, False, True], "str": ["b", "a", "", "a"],
    "Tensor": [tensor(3.0), tensor(1.0), tensor(2.0)],
}
for kind, values in lists.items():
    for name in ["remove", "count", "index"]:
        full = f"aten::{name}.{'list_' if name == 'index' else ''}{kind}"
        (mutation if name == "remove" else case)(full, list(values), values[1])
        absent = {"int": 9, "float": 9.5, "bool": None, "str": "z", "Tensor": tensor(9.0)}[kind]
        if absent is not None:
            case(full, list(values), absent)
    case(f"aten::sorted.{kind}", list(values))
    for reverse in [False, True]:
        mutation(f"aten::sort.{kind}", list(values), reverse)
    for name in ["eq", "ne"]:
        case(f"aten::{name}.{kind}_list", list(values), list(values))
        case(f"aten::{name}.{kind}_list", list(values), list(values)[1:])
    if kind in ("int", "float", "bool"):
        for name in ["min", "max"]:
            case(f"prim::{name}.self_{kind}", list(values))
            case(f"prim::{name}.self_{kind}", [])
            case(f"prim::{name}.{kind}_list", list(values), list(values)[1:])
            case(f"prim::{name}.{kind}_list", list(values), list(values)[:2])
        for name in ["any", "all", "sum"]:
            case(f"aten::{name}.{kind}", list(values))
            case(f"aten::{name}.{kind}", [])
    if kind in ("int", "float", "str"):
        case(f"aten::__contains__.{kind}_list", list(values), values[1])
        case(f"aten::__contains__.{kind}_list", list(values)[:1], values[1])
case("aten::index.list_bool", [True], False)
case("aten::any.str", ["", ""])
case("aten::any.str", ["", "a"])
case("aten::sum.complex", [1 + 2j, 2j])
case("aten::eq.Tensor_list", [tensor([1.0, 2.0])], [tensor([1.0, 2.0])])
case("prim::rangelist", 3)
for low, high, step in [(0, 10, 3), (10, 0, -3), (0, 0, 1), (5, 1, 1), (0, 5, 0)]:
    case("aten::__range_length", low, high, step)
    case("aten::__derive_index", low, high, step)

# Dictionaries.
keys = {"str": ["a", "b", "z"], "int": [1, 2, 9], "bool": [True, False, None], "float": [1.5, 2.5, 9.5], "complex": [1j, 2j, 9j]}
for kind, (a, b, absent) in keys.items():
    make = lambda: {a: 1.5, b: 2.5}
    for name in ["len.Dict_", "keys.", "values.", "items.", "copy.Dict_", "dict.Dict_"]:
        case(f"aten::{name}{kind}", make(), t="float")
    mutation(f"aten::clear.{kind}", make(), t="float")
    mutation(f"aten::popitem.{kind}", make(), t="float")
    case(f"aten::popitem.{kind}", make(), t="float")
    case(f"aten::popitem.{kind}", {}, t="float")
    case(f"aten::dict.{kind}", [(a, 1.5), (b, 2.5)], t="float")
    mutation(f"aten::update.{kind}", make(), {b: 9.5}, t="float")
    for key in [a] + ([absent] if absent is not None else []):
        for name in ["__getitem__.Dict_", "get.", "__contains__.", "pop.Dict_"]:
            case(f"aten::{name}{kind}", make(), key, t="float")
        for name in ["get.default_", "setdefault.", "pop.Dict_default_"]:
            case(f"aten::{name}{kind}", make(), key, 7.5, t="float")
        for name in ["Delete.Dict_", "pop.Dict_"]:
            mutation(f"aten::{name}{kind}", make(), key, t="float")
        for name in ["setdefault.", "_set_item."]:
            mutation(f"aten::{name}{kind}", make(), key, 7.5, t="float")
case("aten::dict")

# Strings.
texts = ["", "abc", "Hello World", "ABC 12", "a1", "  x \t", "12", "Title Case", "aBc-dEf", "x\ty", "\n"]
for s in texts:
    for name in """lower upper swapcase capitalize title isdigit isspace isalnum isalpha isdecimal isnumeric isupper
    islower isidentifier istitle isprintable""".split():
        case(f"aten::{name}", s)
    case("aten::len.str", s)
    case("aten::list", s)
    case("aten::split.str", s, None, -1)
    case("aten::expandtabs", s, 4)
    case("aten::expandtabs", s, 0)
    for chars in [" \n\t\f\v", "ac"]:
        for name in ["strip", "lstrip", "rstrip"]:
            case(f"aten::{name}", s, chars)
    for width in [5, 6, 2]:
        case("aten::zfill", s, width)
        for name in ["center", "ljust", "rjust"]:
            case(f"aten::{name}", s, width, "*")
case("aten::center", "a", 5, "**")
for s in ["a,b,,c", ",", "abc", ""]:
    for limit in [-1, 0, 1]:
        case("aten::split.str", s, ",", limit)
        case("aten::rsplit", s, ",", limit)
    case("aten::partition", s, ",")
    case("aten::rpartition", s, ",")
case("aten::split.str", "a", "", -1)
for s in ["a\nb", "a\nb\n", "a\r\nb", "\n\n", "", "a\x0bb\x1cc"]:
    for keep in [False, True]:
        case("aten::splitlines", s, keep)
for piece in ["b", "bc", "z", "abcabc"]:
    for start, end in [(0, -1), (2, -1), (0, 3), (-3, -1), (0, -3), (6, -1)]:
        for name in ["find", "rfind", "index.str", "rindex", "count", "startswith", "endswith"]:
            case(f"aten::{name}", "abcabc", piece, start, end)
case("aten::startswith", "abc", "a", 9, -1)
case("aten::count", "aaaa", "aa", 0, -1)
for limit in [-1, 0, 1, 2]:
    case("aten::replace", "aXbXc", "X", "--", limit)
case("aten::join", ", ", ["a", "b", "c"])
case("aten::join", "-", [])
case("aten::add.str", "ab", "cd")
for a, b in [("a", "b"), ("b", "a"), ("a", "a"), ("a", "ab"), ("Z", "a")]:
    for name in ["eq", "ne", "lt", "gt", "le", "ge"]:
        case(f"aten::{name}.str", a, b)
for i in [0, -1, 3, -4]:
    case("aten::__getitem__.str", "abc", i)
    case("prim::StringIndex", "abc", i)
for s in ["a", "ab", ""]:
    case("aten::ord", s)
for i in [97, 300, -1, 1114111]:
    if i != 300:
        case("aten::chr", i)

# Text of values.
for value in [
    1, 1.5, 0.1, -0.0, 1e10, 123456789012.5, 1e-5, inf, nan, -3.0, True, None, "a", 1 + 2j, -1.5 - 0.5j, [1, 2], [1.5, 2.0],
    ["a", "b"], (1,), (1, "a"), {"a": 1.5}, {1: "x"}, torch.device("cpu"), tensor(3), tensor(1.5), tensor([1, 2, 300]),
    tensor([1234567]), tensor([12345678901]), tensor([1.5, 2.25]), tensor([1e-6, 1.5e3]), tensor([100000.5, 250000.0]),
    tensor([[1.0, 2.0], [3.0, 4.5]]), torch.arange(24).reshape(2, 3, 4), torch.arange(40.0).reshape(2, 20) * 1.5, tensor([]),
    torch.zeros(2, 0), tensor([True, False]), tensor([nan, 1.0, inf]), tensor([[200000.5, 300000.25], [200000.5, 3.0]]),
    torch.ones(1, 2, 2) * 0.001, torch.arange(40.0).reshape(1, 2, 20) * 1e-5 + 0.001, tensor(1e10), tensor(1.23456789),
    torch.arange(90).reshape(1, 3, 30), torch.ones(2, 2, 1, 2), tensor([1e-120, 1.5], dtype=torch.float64), tensor([2**62]),
    [tensor(1.0), tensor([2.0])], tensor([0.0, 0.5]), tensor([1.5], dtype=torch.float16), tensor([99999.5, 12.5]),
]:
    case("aten::str", value, t=typed(value))
    case("aten::format", "<{}>", value)
for arguments in [("{} {}", 1, 2.5), ("{:.2f}", 1.5), ("{0}", 1), ("{}",), ("{} {}", 1), ("{}", 1, 2), ("{{}}", 1)]:
    case("aten::format", *arguments)
for arguments in [
    ("%d %s", (1, "a")), ("%d", 1.7), ("%.2f", 1.7), ("%s", [1]), ("%e", 1234.5), ("%d", "a"), ("%f", 3), ("%E", 0.001),
    ("100%%", ()), ("%", 1), ("%d", (1, 2)), ("%d %d", 1), ("%c%c", (97, "b")), ("%x", 3), ("%i", 7), ("%s", 0.1),
]:
    case("aten::percentFormat", *arguments) if arguments[1] != () else None

# Identities.
for value in [1, None]:
    case("aten::__is__", value, value, t=typed(value))
    case("aten::__isnot__", value, value, t=typed(value))
case("aten::_unwrap_optional", None)
case("aten::_unwrap_optional", 3)
case("prim::unchecked_unwrap_optional", 3)
for value in [5, True, None]:
    case("aten::hash.generic", value, t=typed(value))

# Tensors.
x = torch.arange(6.0).reshape(2, 3)
for name in "size stride numel dim storage_offset is_contiguous is_floating_point is_complex is_signed element_size get_device is_leaf".split():
    case(f"aten::{name}", x)
    case(f"aten::{name}", tensor(3))
for dim in [0, -1, 2, -3]:
    case("aten::size.int", x, dim)
    case("aten::stride.int", x, dim)
case("aten::size.int", tensor(3), 0)
case("aten::len.Tensor", x)
case("aten::len.Tensor", tensor(3))
for name in "dtype device layout is_cuda is_cpu is_meta is_sparse is_quantized is_mkldnn is_nested requires_grad itemsize nbytes name data grad".split():
    case(f"prim::{name}", x)
for format in [0, 2]:
    case("aten::is_contiguous.memory_format", x, format)
    case("aten::is_contiguous.memory_format", torch.zeros(1, 2, 3, 4), format)
    case("aten::is_contiguous.memory_format", torch.zeros(1, 2, 3, 4), format)
case("aten::is_non_overlapping_and_dense", x)
case("aten::is_same_size", x, x)
dtypes = [0, 3, 4, 5, 6, 7, 9, 11, 15]
for a in dtypes:
    for b in dtypes:
        case("aten::can_cast", a, b)
        case("aten::promote_types", a, b)
case("aten::result_type.Tensor", tensor([1]), tensor(2.5))
case("aten::result_type.Tensor", tensor([1]), tensor([2.5], dtype=torch.float64))
case("aten::result_type.Scalar", tensor([1]), 2.5)
case("aten::result_type.Scalar", tensor([1], dtype=torch.int8), 2)
case("aten::result_type.Scalar_Tensor", 2.5, tensor(1))
case("aten::result_type.Scalar_Scalar", 1, 2.5)
for value in [True, 3, 2.5, 1 + 2j]:
    kind = typed(value)
    for dtype in [None, 7, 4] if kind != "complex" else [None, 10]:
        case(f"aten::tensor.{kind}", value, dtype, None, False)
        case(f"aten::as_tensor.{kind}", value, dtype, None)
for value in [[1, 2], [[1, 2], [3, 4]], [1.5, 2.5], [True, False], [[1.5], [2.5]]]:
    for dtype in [None, 7]:
        case("aten::tensor", value, dtype, None, False, t=typed(value)[:-2])
        case("aten::as_tensor.list", value, dtype, None, t=typed(value)[:-2])
case("aten::tensor", [[1, 2], [3]], None, None, False, t="int[]")
case("aten::tensor", ["a"], None, None, False, t="str")
case("aten::tensor", [], None, None, False, t="Tensor")
case("aten::as_tensor", x, 7, None)
case("prim::NumToTensor.Scalar", 3)
case("prim::NumToTensor.Scalar", 3.5)
case("prim::NumToTensor.bool", True)
case("aten::_list_to_tensor", [1, 2])
case("aten::_tensor_to_list", tensor([1, 2], dtype=torch.int32))
case("aten::_tensor_to_list", tensor([1, 2]))
case("aten::to.prim_dtype", x, 4, False, False)
case("aten::to.prim_dtype", x, None, False, False)
case("aten::to.prim_Device", x, torch.device("cpu"), 7, False, True)
case("aten::to.prim_other", x, False, False)
case("aten::to.other", x, tensor(3), False, False, None)
case("aten::type_as", x, tensor(3))
case("aten::cpu", x)
case("aten::copy_.Tensor", torch.zeros(2, 3), x)
case("aten::copy_.int", torch.zeros(2), 3)
case("aten::copy_.float", torch.zeros(2), 1.5)
for name in ["cpu", "cuda:1", "meta"]:
    case("aten::device", name)
    case("prim::type", torch.device(name))
    case("prim::index", torch.device(name))
    case("aten::eq.device", torch.device(name), torch.device("cpu"))
    case("aten::ne.device", torch.device(name), torch.device("cpu"))
case("aten::index.Tensor_hacked_twin", x, [tensor([1, 0])])
case("aten::_unsafe_index.Tensor_hacked_twin", x, [tensor([1, 0])])
case("aten::index_put.hacked_twin", x.clone(), [tensor([1])], tensor(9.0), False)
case("aten::index_put_.hacked_twin", x.clone(), [tensor([1])], tensor(9.0), True)
case("aten::_index_put_impl_.hacked_twin", x.clone(), [tensor([1])], tensor(9.0), True, False)
case("aten::split", x, [1, 2], 1)
for name in ["numpy_T", "mT", "mH", "matrix_H"]:
    case(f"aten::{name}.a", x)
case("aten::einsum.sublist", x, [0, 1], x, [0, 1], [0])
case("aten::einsum.sublist", x, [0, 1])
case("aten::einsum.sublist", x, [0, 52])
case("prim::VarConcat", x, x, 1)
case("prim::VarStack", x, x, 0)
case("prim::abs", -x)
case("aten::_infer_size", [2, 1], [3])
case("aten::_infer_size", [2, 3], [3, 4])
case("aten::broadcast_shapes", [2, 1], [3])
case("aten::broadcast_shapes", [2, 3], [3, 4])
case("aten::_size_if_not_equal", [2, 1], [2, 1])
case("aten::_size_if_not_equal", [2, 1], [2])
case("prim::BroadcastSizes", [2, 1], [3], [1, 1, 1])
case("prim::ReductionSizes", [2, 3, 4], [0, 2], False)
case("prim::ReductionSizes", [2, 3, 4], [0, 2], True)
case("aten::Size", [2, 3])
case("aten::_grad_sum_to_size", x, [1, 3])
case("aten::_grad_sum_to_size", x, None)
case("aten::_ncf_unsqueeze", tensor([1.0, 2.0]), 4)
case("aten::_ncf_view", tensor([1.0, 2.0]), [2, 1, 3], 2)
case("aten::is_grad_enabled")
case("aten::_get_tracing_state")
case("aten::is_scripting")
case("aten::has_torch_function", x)
case("aten::is_autocast_enabled")
case("aten::get_autocast_dtype", "cpu")
case("prim::IfThenElse", True, x, -x)
case("prim::AutogradAdd", x, x)
case("prim::AutogradAllZero", x)
case("prim::AutogradAnyNonZero", x)
case("aten::requires_grad_", x.clone(), True)
case("aten::_no_grad_fill_", torch.zeros(2), 1.5)
case("aten::_no_grad_zero_", torch.ones(2))
image = torch.arange(16.0).reshape(1, 1, 4, 4)
case("aten::__interpolate.size_list", image, [2, 3], None, "nearest", None, None, False)
case("aten::__interpolate", image, 3, None, "bilinear", False, None, False)
case("aten::__interpolate.scale_list", image, None, [2.0, 1.5], "bilinear", True, None, False)
case("aten::__interpolate", image, None, 0.5, "bicubic", False, True, False)
case("aten::__upsample", image, None, 2, "nearest", None)
case("aten::__upsample.size_list", image, [3, 3], None, "bilinear", True)
case("aten::__upsample_bilinear", image, 3, None)
case("aten::__upsample_nearest", image, 3, None)

# What models call by another name than operators have.
torch.manual_seed(0)
weights = lambda *sizes: torch.round(torch.randn(*sizes) * 100) / 100
src, wide = weights(2, 3, 4), weights(6, 4)
attention = [weights(12, 4), weights(12), weights(4, 4), weights(4)]
norms = [weights(4), weights(4), weights(4), weights(4)]
feed = [wide, weights(6), weights(4, 6), weights(4)]
padding = tensor([[False, False, True], [False, True, False]])
causal = torch.ones(3, 3, dtype=torch.bool).triu(1)
for gelu, first, mask, kind in [(False, False, None, None), (True, True, None, None), (False, False, padding, 1), (True, False, causal, 0)]:
    case("aten::_transformer_encoder_layer_fwd", src, 4, 2, *attention, gelu, first, 1e-5, *norms, *feed, mask, kind)
for mask, kind in [(None, None), (padding, 1)]:
    case("aten::_native_multi_head_attention", src, src, src, 4, 2, *attention, mask, True, True, kind)
case("aten::_native_multi_head_attention", src, src, src, 4, 2, *attention, None, True, False, None)
case("aten::_masked_softmax", weights(1, 2, 3, 3), padding[:1], 3, 1)
case("aten::_convolution_mode", weights(1, 2, 5), weights(3, 2, 3), weights(3), [1], "same", [1], 1)
case("aten::_convolution_mode", weights(1, 2, 5, 5), weights(3, 2, 3, 3), None, [2, 1], "valid", [1, 1], 1)
for transposed, kernel in [(False, weights(4, 1, 3, 3)), (True, weights(2, 3, 3, 3))]:
    arguments = weights(1, 2, 5, 5), kernel, None, [2, 1], [1, 1], [1, 1], transposed, [0, 0], 1 if transposed else 2, False, False, True
    case("aten::_convolution", *arguments, True)
    case("aten::_convolution.deprecated", *arguments)
case("aten::_nested_tensor_from_mask_left_aligned", src, ~padding)
case("aten::thnn_conv2d", weights(1, 2, 5, 5), weights(3, 2, 3, 3), [3, 3], weights(3), [1, 1], [1, 0])
case("aten::nll_loss", weights(2, 3), tensor([0, 2]), None, 1, -100)
case("aten::to.dtype_layout", x, 7, 0, torch.device("cpu"), None, False, False, None)
bits = tensor([1, 2, 7])
for name in ["and", "or", "xor", "lshift", "rshift"]:
    case(f"aten::__{name}__.Scalar", bits, 3)
    case(f"aten::__i{name}__.Scalar", bits.clone(), 3)
    case(f"aten::__i{name}__.Tensor", bits.clone(), tensor([3, 1, 2]))
    full = {"lshift": "left_shift", "rshift": "right_shift"}.get(name, name)
    case(f"aten::bitwise_{full}.Scalar_Tensor", 3, bits)
case("aten::_cast_Long", tensor([1.5, -1.5]), False)
case("aten::clip.Tensor", x, tensor(1.0), tensor([2.0, 3.0, 4.0]))
case("aten::divide.Scalar_mode", x, 2, "floor")
case("aten::subtract.Scalar", x, 2, 3)
case("aten::_unsafe_index.Tensor", x, [tensor([1, 0])])
case("aten::_unsafe_index_put", x, [tensor([1])], tensor(9.0), False)
case("aten::moveaxis.int", x, 0, 1)
case("aten::native_channel_shuffle", torch.arange(8.0).reshape(1, 4, 2), 2)
case("aten::unsafe_split_with_sizes", x, [1, 2], 1)
case("aten::_stack", [x, x], 1)
case("aten::repeat_interleave.Tensor", tensor([1, 0, 2]), None)
case("aten::_shape_as_tensor", x)
case("aten::_dim_arange", x, 1)
case("aten::isin.Tensor_Scalar", x, 2, False, True)
case("aten::isin.Scalar_Tensor", 2, x, False, False)
case("aten::bucketize.Scalar", 2.5, tensor([1.0, 2.0, 3.0]), False, True)
case("aten::_unique", tensor([3, 1, 3]), True, True)
case("aten::unique_dim_consecutive", tensor([[1, 2], [1, 2], [3, 4]]), 0, True, True)
case("aten::_is_all_true", tensor([True, False]))
case("aten::_is_any_true", tensor([True, False]))
case("aten::_local_scalar_dense", tensor(2.5))

(here / "cases.json").write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
print("cases.json", len(cases), "cases of", len({c["name"] for c in cases}), "functions")


# Schemas, name by name, overloads in the order of a call.
names, lines = [], []
for schema in torch._C._jit_get_all_schemas():
    if schema.name.split("::")[0] in ("aten", "prim", "profiler", "quantized") and schema.name not in names:
        names.append(schema.name)
for name in sorted(names):
    for schema in schemas(name):
        lines.append(str(schema))
(here / "schemas.txt").write_text("\n".join(dict.fromkeys(lines)) + "\n")
print("schemas.txt", len(lines), "schemas")
